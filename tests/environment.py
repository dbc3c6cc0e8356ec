"""A pytest plugin, loaded before Django's settings: tests have a DATA_DIR of their own."""

import os
from pathlib import Path

os.environ.setdefault("DATA_DIR", str(Path(__file__).resolve().parent.parent / ".data" / "test"))
os.environ.setdefault("LOG_LEVEL", "WARNING")
