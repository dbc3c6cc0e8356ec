"""A pytest plugin, loaded before Django's settings: tests have a DATA_DIR of their own.

Of several processes (`pytest -n 2`) each has its own, with services of its own.
"""

import os
from pathlib import Path

os.environ.setdefault("DATA_DIR", str(Path(__file__).resolve().parent.parent / ".data" / "test"))
os.environ.setdefault("LOG_LEVEL", "WARNING")
# Tests ask as often as they like; those of the limits set them.
for limit in ("THROTTLE_SESSION", "THROTTLE_ADDRESS", "THROTTLE_KEY"):
    os.environ.setdefault(limit, "off")
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["DATA_DIR"] = str(Path(os.environ["DATA_DIR"]) / worker)
