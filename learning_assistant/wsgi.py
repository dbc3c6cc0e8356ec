"""The web server's entry: `gunicorn learning_assistant.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "learning_assistant.settings")

# Shared tasks bind to the application that exists when they are first used: ours.
from learning_assistant.celery import app as celery_app  # noqa: E402

application = get_wsgi_application()
__all__ = ["application", "celery_app"]
