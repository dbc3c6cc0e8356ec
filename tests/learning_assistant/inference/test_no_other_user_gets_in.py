import stat

import psutil

from tests.learning_assistant.inference.conftest import Server


def test_its_sockets_are_for_this_user_only(embedded: Server) -> None:
    assert embedded.uds
    sockets = [path for path in embedded.uds.parent.iterdir() if path.is_socket()]
    assert len(sockets) >= 3  # its own, and one of llama.cpp for each model
    for path in sockets:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_it_listens_on_no_port(embedded: Server) -> None:
    assert embedded.process
    assert psutil.Process(embedded.process.pid).net_connections("inet") == []
