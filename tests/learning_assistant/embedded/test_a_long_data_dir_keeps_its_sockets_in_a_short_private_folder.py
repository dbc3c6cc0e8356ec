import os

import pytest

from learning_assistant.embedded.paths import SOCKET_PATH_MAX, Paths
from learning_assistant.embedded.services import Service, ServiceError, endpoints, lease
from tests.learning_assistant.embedded.conftest import ask, stopped, until, valkey


@pytest.fixture
def long_dir(data_dir):
    path = data_dir.joinpath(*["a-folder-with-a-long-name"] * 5)
    yield path
    sockets = Paths.of(path).sockets
    if sockets.is_symlink() or sockets.is_file():
        sockets.unlink()
    elif sockets.exists():
        for folder in (sockets / "pg", sockets):
            folder.rmdir()


def test_the_services_start_there(long_dir):
    paths = Paths.of(long_dir)
    assert len(str(long_dir)) > SOCKET_PATH_MAX
    with lease(long_dir, [Service.POSTGRES, Service.VALKEY]):
        assert ask(long_dir, "SELECT 1") == 1
        with valkey(long_dir) as client:
            assert client.ping()
        assert paths.sockets.stat().st_mode & 0o067 == 0
        assert paths.sockets.stat().st_uid == os.geteuid()
    for service in (Service.POSTGRES, Service.VALKEY):
        assert until(lambda service=service: stopped(long_dir, service))


def test_every_spelling_of_a_folder_and_every_temporary_directory_mean_one_place(
    data_dir, monkeypatch
):
    plain = endpoints(data_dir)
    (data_dir / "link").symlink_to(data_dir)
    monkeypatch.setenv("TMPDIR", "/var/tmp")
    assert endpoints(data_dir / "link").redis_url == plain.redis_url
    assert endpoints(data_dir / "x" / "..").redis_url == plain.redis_url


@pytest.mark.parametrize("plant", ["link", "file", "others"])
def test_a_folder_of_someone_else_is_never_used(long_dir, plant):
    sockets = Paths.of(long_dir).sockets
    if plant == "link":
        sockets.symlink_to("/tmp")
    elif plant == "file":
        sockets.touch()
    elif os.geteuid() == 0:
        sockets.mkdir()
        os.chown(sockets, 65534, 65534)
    else:
        pytest.skip("only root can make a folder of another user")
    with (
        pytest.raises(ServiceError, match=f"{sockets}.*DATA_DIR"),
        lease(long_dir, [Service.VALKEY]),
    ):
        pass
    if plant == "others":
        sockets.rmdir()
