"""`--help`, `check` and their like leave a fresh DATA_DIR without services."""

from pathlib import Path

import pytest

from manage import needs_services
from tests.commands import manage

READ_ONLY = [
    "", "--help", "--version", "help search", "search --help", "load_catalogue -h", "check",
    "check --deploy", "makemigrations --check", "spectacular --validate",
]  # fmt: skip
USE_SERVICES = ["migrate", "search x", "load_catalogue f.csv", "doctor", "shell", "createsuperuser"]


@pytest.mark.parametrize("line", READ_ONLY)
def test_it_needs_no_service(line: str) -> None:
    assert not needs_services(["manage.py", *line.split()])


@pytest.mark.parametrize("line", USE_SERVICES)
def test_it_needs_services(line: str) -> None:
    assert needs_services(["manage.py", *line.split()])


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("search", "--help"), 'manage.py search "how do transformers work?"'),
        (("makemigrations", "--check", "--dry-run"), "No changes detected"),
    ],
)
def test_a_fresh_folder_stays_without_services(
    tmp_path: Path, command: tuple[str, ...], said: str
) -> None:
    data = tmp_path / "data"
    done = manage(*command, DATA_DIR=str(data))
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert not (data / "run").exists()
    assert not (data / "postgres").exists()
