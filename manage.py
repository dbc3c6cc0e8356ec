#!/usr/bin/env python
"""The project's commands; see `manage.py help`."""

import os
import sys
from contextlib import ExitStack

# These look at code only; everything else may use the services, so they are started first.
START_NOTHING = frozenset(
    {
        "check",
        "compilemessages",
        "diffsettings",
        "help",
        "makemessages",
        "makemigrations",
        "spectacular",
        "startapp",
        "version",
    }
)


def needs_services(argv: list[str]) -> bool:
    """Whether the command line *argv* (program name first) runs something that uses a service."""
    if len(argv) < 2 or {"-h", "--help", "--version"} & set(argv[1:]):
        return False
    return argv[1] not in START_NOTHING


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "learning_assistant.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit(
            "Django is not installed here: type `make setup`, then `.venv/bin/python manage.py …`"
        )

    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    from learning_assistant.embedded.services import ServiceError, lease

    with ExitStack() as stack:
        try:
            data_dir, services = settings.DATA_DIR, settings.EMBEDDED_SERVICES
            if needs_services(sys.argv):
                stack.enter_context(lease(data_dir, services))
        except (ImproperlyConfigured, ServiceError) as error:
            sys.exit(str(error))
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
