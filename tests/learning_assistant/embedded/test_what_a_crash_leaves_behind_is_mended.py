import os
import socket
import subprocess
import sys
import time

from learning_assistant.embedded.paths import Paths
from learning_assistant.embedded.services import PROJECT, Service, lease
from tests.learning_assistant.embedded.conftest import ask, keepers, kill, servers, stopped, until


def test_a_kill_while_the_database_is_being_made(data_dir, users):
    draft = Paths.of(data_dir).postgres / "data.new"
    user = users(data_dir, Service.POSTGRES)
    assert until(draft.exists)
    time.sleep(0.3)  # well into initdb, which takes a second
    kill(user.process.pid, *keepers(data_dir, Service.POSTGRES))
    assert draft.exists()
    assert not draft.with_name("data").exists()

    again = users(data_dir, Service.POSTGRES)
    assert again.said() == "ready"
    assert ask(data_dir, "SELECT '[1,2]'::vector <-> '[1,4]'") == 2
    assert not draft.exists()


def test_a_leftover_pid_file_that_names_a_living_process_and_a_leftover_socket(used_dir):
    paths = Paths.of(used_dir)
    owner = (paths.postgres / "data").stat()
    # After a power cut the number may be anybody's; PostgreSQL itself is fooled by one of its user.
    stranger = subprocess.Popen(["sleep", "60"], user=owner.st_uid, group=owner.st_gid)
    lines = f"{stranger.pid}\n{paths.postgres}/data\n1\n5432\n{paths.postgres_sockets}\n\n"
    for leftover in (
        paths.postgres / "data" / "postmaster.pid",
        paths.postgres_socket.with_name(paths.postgres_socket.name + ".lock"),
    ):
        leftover.write_text(lines)
        os.chown(leftover, owner.st_uid, owner.st_gid)
    with socket.socket(socket.AF_UNIX) as leftover_socket:
        leftover_socket.bind(str(paths.postgres_socket))
    try:
        with lease(used_dir, [Service.POSTGRES]):
            assert ask(used_dir, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_that_outlived_its_keeper_is_ended_first(data_dir):
    """As when the keeper is killed before the kernel knows to tell its child."""
    lock = Paths.of(data_dir).server_lock(Service.VALKEY)
    with lease(data_dir, [Service.VALKEY]):
        pass
    assert until(lambda: stopped(data_dir, Service.VALKEY))
    hold = "import fcntl, sys; fcntl.flock(open(sys.argv[1]), 2); import time; time.sleep(60)"
    # Keep the file open: flock(open(...)) alone would drop it again.
    hold = hold.replace(
        "fcntl.flock(open(sys.argv[1]), 2)", "f = open(sys.argv[1]); fcntl.flock(f, 2)"
    )
    orphan = subprocess.Popen([sys.executable, "-c", hold, str(lock)], cwd=PROJECT)
    assert until(lambda: servers(data_dir, Service.VALKEY) == [orphan.pid])
    with lease(data_dir, [Service.VALKEY], timeout=20):
        assert orphan.wait(1) != 0
        assert orphan.pid not in servers(data_dir, Service.VALKEY)
