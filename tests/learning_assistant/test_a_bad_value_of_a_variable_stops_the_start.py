"""A value that can't be used ends the start with one sentence that names its variable."""

import re
import runpy
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tests.commands import manage, run

BAD = [
    ("PORT", "http"),
    ("PORT", "70000"),
    ("PORT", "0"),
    ("DEBUG", "perhaps"),
    ("HTTPS", "2"),
    ("LOG_LEVEL", "LOUD"),
    ("LOG_FORMAT", "xml"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
    ("DATABASE_URL", "mysql://u:p@h/d"),
    ("REDIS_URL", "localhost:6379"),
    ("OLLAMA_HOST", "gpu:11434"),
    ("MODEL_SLOTS", "-1"),
    ("DEADLINE_S", "soon"),
    ("DEADLINE_S", "nan"),
    ("FALLBACK_AFTER_S", "0"),
    ("WEB_THREADS", "1.5"),
    ("WEB_WORKERS", "0"),
    ("INTERACTIVE_CONCURRENCY", "many"),
]
SETTINGS = str(Path(settings.BASE_DIR) / "learning_assistant" / "settings.py")


@pytest.mark.parametrize(("name", "value"), BAD, ids=[f"{n}={v}" for n, v in BAD])
def test_the_settings_name_it(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    # An address may hold a password, so it is not repeated.
    shown = "…" if name.endswith(("_URL", "_HOST", "_ENDPOINT")) else repr(value)
    with pytest.raises(ImproperlyConfigured, match=re.escape(f"{name}={shown} can't be used")):
        runpy.run_path(SETTINGS)


def test_an_empty_value_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, _ in BAD:
        monkeypatch.setenv(name, "")
    assert runpy.run_path(SETTINGS)["PORT"] == 8000


@pytest.mark.parametrize(
    ("command", "name", "value"),
    [
        (("manage.py", "check"), "PORT", "http"),
        (("manage.py", "doctor"), "WEB_WORKERS", "0"),
        (("-m", "learning_assistant.run"), "DEADLINE_S", "soon"),
    ],
)
def test_a_command_ends_with_that_sentence(
    tmp_path: Path, command: tuple[str, ...], name: str, value: str
) -> None:
    done = run(*command, DATA_DIR=str(tmp_path / "data"), **{name: value})
    assert done.returncode != 0
    assert f"{name}={value!r} can't be used" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, "one sentence, no traceback"
    assert not list(tmp_path.rglob("*.sock")), "and nothing was started"


def test_a_folder_that_is_someone_elses_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = manage("check", DATA_DIR=str(tmp_path / "file"))
    assert done.returncode != 0
    assert "DATA_DIR" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, "one sentence, no traceback"
