"""What must be right before anything is installed. Runs on any Python 3, with its library only."""

import os
import shutil
import sys

OLDEST = (3, 11)
NEEDED_GB = 1.5


def main() -> None:
    """Exit with one sentence and what to type where `make setup` can't work."""
    python = tuple(sys.version_info[:2])
    if python < OLDEST:
        sys.exit(
            f"Python {python[0]}.{python[1]} is too old, 3.11 or newer is needed: "
            "type `make run PYTHON=python3.11`."
        )
    try:
        import ensurepip  # noqa: F401  # Debian splits it off into python3-venv
    except ImportError:
        sys.exit("Python's venv is missing: type `apt install python3-venv` as root.")
    free = shutil.disk_usage(os.getcwd()).free / 1e9
    if free < NEEDED_GB:
        sys.exit(
            f"{os.getcwd()} has {free:.1f} GB free, {NEEDED_GB} GB are needed: "
            "make room, or clone to another disk."
        )


if __name__ == "__main__":
    main()
