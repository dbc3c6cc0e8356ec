"""`make run` on a port in use says so, with what to type, before it starts anything."""

import socket
from pathlib import Path

from tests.commands import run


def test_it_names_the_port_and_what_to_type(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(
            "-m", "learning_assistant.run", DATA_DIR=str(tmp_path / "data"), PORT=str(port)
        )  # fmt: skip
    assert done.returncode == 1
    said = done.stderr.strip()
    assert len(said.splitlines()) == 1
    assert f"Port {port}" in said
    assert f"make run PORT={port + 1}" in said
    assert not (tmp_path / "data" / "run").exists(), "no service was started"


def test_a_host_that_is_not_ours_is_one_sentence_too(tmp_path: Path) -> None:
    done = run("-m", "learning_assistant.run", DATA_DIR=str(tmp_path / "data"), HOST="192.0.2.1")
    assert done.returncode == 1
    assert "192.0.2.1" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
