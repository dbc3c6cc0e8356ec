import subprocess
import sys

from learning_assistant.embedded.services import PROJECT

LOOK = """
import sys
from learning_assistant.embedded import keeper, postgres, valkey
heavy = {"django", "psycopg", "redis", "numpy", "http", "asyncio"} & set(sys.modules)
sys.exit(", ".join(heavy) or None)
"""


def test_a_keeper_loads_no_client_library():
    loaded = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert loaded.stderr == ""
