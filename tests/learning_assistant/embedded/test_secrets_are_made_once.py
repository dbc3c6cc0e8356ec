import os
import stat
import subprocess
import sys

import pytest

from learning_assistant.embedded.services import PROJECT, ServiceError, secret

MAKE = """
import sys
from pathlib import Path
from learning_assistant.embedded.secrets_ import secret
sys.stdin.read(1)
sys.stdout.write(secret(Path(sys.argv[1]), "key"))
"""


def test_processes_that_ask_at_the_same_time_get_the_same_one(data_dir):
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE, str(data_dir / "new")],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for maker in makers:
        maker.stdin.write("!")
        maker.stdin.flush()
    made = {maker.communicate()[0] for maker in makers}
    assert made == {secret(data_dir / "new", "key")}
    assert len(made.pop()) == 64
    folder = data_dir / "new" / "secrets"
    assert [name.name for name in folder.iterdir()] == ["key"]
    assert stat.S_IMODE((folder / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((data_dir / "new").stat().st_mode) == 0o700


def test_an_umask_that_opens_files_opens_no_secret(data_dir):
    before = os.umask(0)
    try:
        secret(data_dir / "new", "key")
    finally:
        os.umask(before)
    assert stat.S_IMODE((data_dir / "new" / "secrets" / "key").stat().st_mode) == 0o600


def test_an_empty_one_is_an_error_not_a_key(data_dir):
    secret(data_dir, "key")
    (data_dir / "secrets" / "key").write_text("\n")
    with pytest.raises(ServiceError, match="is empty: type `rm "):
        secret(data_dir, "key")
