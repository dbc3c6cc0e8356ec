import os
import subprocess
from pathlib import Path

from learning_assistant.embedded.inference import launch
from tests.learning_assistant.inference.conftest import Server


def failed(*arguments: str, uds: Path, **more: str) -> str:
    """What is said, in one line, by a process that can't serve on *uds*."""
    ended = subprocess.run(
        [*launch.command(uds), *arguments],
        env={**os.environ, **launch.environment(), **more},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ended.returncode in (1, 2)
    assert "Traceback" not in ended.stderr
    return ended.stderr.strip()


def test_a_socket_in_use(embedded: Server) -> None:
    assert embedded.uds
    message = failed(uds=embedded.uds)
    assert message == f"Another process already serves on {embedded.uds}."
    assert embedded.http().get("/api/version").is_success


def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    assert "too long" in failed(uds=tmp_path / ("long" * 30))


def test_a_folder_that_is_missing(short_folder: Path) -> None:
    assert "No such file or directory" in failed(uds=short_folder / "no" / "i.sock")


def test_no_slots(short_folder: Path) -> None:
    assert "--parallel" in failed("--parallel", "0", uds=short_folder / "i0.sock")


def test_a_variable_that_is_no_number(short_folder: Path) -> None:
    assert "--parallel" in failed(uds=short_folder / "i0.sock", EMBEDDED_SLOTS="two")
