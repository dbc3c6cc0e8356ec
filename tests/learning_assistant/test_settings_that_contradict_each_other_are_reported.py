"""`manage.py check` finds settings that are each allowed and together make no sense."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Error, run_checks
from pytest_django import Settings

from tests.commands import manage

CASES: list[tuple[dict[str, Any], str, str]] = [
    ({"FALLBACK_AFTER_S": 1.7}, "learning_assistant.E001", "FALLBACK_AFTER_S=1.7"),
    (
        {"FALLBACK_AFTER_S": 0.5, "DEADLINE_S": 0.4},
        "learning_assistant.E001",
        "DEADLINE_S=0.4",
    ),
    ({"DEADLINE_S": 2.5}, "learning_assistant.W001", "DEADLINE_S=2.5"),
    ({"HTTPS": True}, "learning_assistant.W003", "HTTPS=true"),
    ({"MODEL_SLOTS": 13}, "learning_assistant.W002", "INTERACTIVE_CONCURRENCY=12"),
]


@pytest.mark.parametrize(("changes", "id_", "named"), CASES)
def test_it_is_named_with_what_to_set(
    settings: Settings, changes: dict[str, Any], id_: str, named: str
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    (found,) = run_checks()
    assert found.id == id_
    assert isinstance(found, Error) == ("E" in id_.rsplit(".")[-1])
    assert named in found.msg
    assert found.hint


def test_the_defaults_are_in_order() -> None:
    assert run_checks() == []


def test_an_error_stops_the_command(tmp_path: Path) -> None:
    done = manage("check", DATA_DIR=str(tmp_path / "data"), FALLBACK_AFTER_S="1.7")
    assert done.returncode == 1
    assert "learning_assistant.E001" in done.stderr
    assert "HINT: Set FALLBACK_AFTER_S" in done.stderr


def test_behind_tls_the_deployment_is_in_order(tmp_path: Path) -> None:
    done = manage(
        "check", "--deploy", "--fail-level", "WARNING",
        DATA_DIR=str(tmp_path / "data"), HTTPS="true", TRUSTED_PROXIES="127.0.0.1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
