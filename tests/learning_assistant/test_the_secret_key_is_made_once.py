"""With no SECRET_KEY set, one is made under DATA_DIR, for its owner alone, and kept."""

import stat
from pathlib import Path

from tests.commands import run

SHOW = (
    "-c",
    "import django.conf, sys; sys.stdout.write(django.conf.settings.SECRET_KEY)",
)
SETTINGS = {"DJANGO_SETTINGS_MODULE": "learning_assistant.settings"}


def key(data_dir: Path, **variables: str) -> str:
    done = run(*SHOW, DATA_DIR=str(data_dir), **SETTINGS, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_the_same_on_the_next_start_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    first = key(tmp_path / "data")
    assert len(first) >= 40
    assert key(tmp_path / "data") == first
    assert key(tmp_path / "another copy") != first
    file = tmp_path / "data" / "secrets" / "django-secret-key"
    assert file.read_text().strip() == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) & 0o077 == 0


def test_one_that_is_set_is_used_and_none_is_made(tmp_path: Path) -> None:
    assert key(tmp_path / "data", SECRET_KEY="of-my-own") == "of-my-own"
    assert not (tmp_path / "data" / "secrets" / "django-secret-key").exists()
