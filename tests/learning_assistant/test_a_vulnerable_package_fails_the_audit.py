"""`make audit` fails for a known vulnerability, and only tells where none can be looked up."""

import json
import subprocess
from typing import Any

import pytest

from tests import audit

SAFE = {"name": "safe", "version": "1", "vulns": []}
BAD = {"name": "bad", "version": "2", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["2.1"]}]}
UNKNOWN = {"name": "unknown", "version": "3", "skip_reason": "not on PyPI"}


@pytest.mark.parametrize(
    ("said", "status", "told"),
    [
        ([SAFE], 0, "1 packages looked up, 0 known vulnerabilities\n"),
        ([SAFE, BAD], 1, "bad 2: CVE-2026-1, fixed in 2.1\naudit: 2 packages looked up, 1 known"),
        ([SAFE, UNKNOWN], 0, "1 packages looked up, 0 known vulnerabilities; 1 not looked up"),
        ("ConnectionError: no network", 0, "nothing was looked up (ConnectionError: no network)"),
        (subprocess.TimeoutExpired("pip-audit", 60), 0, "nothing was looked up (no answer within"),
    ],
)
def test_what_pip_audit_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    said: Any, status: int, told: str,
) -> None:  # fmt: skip
    def run(command: list[str], **options: Any) -> "subprocess.CompletedProcess[str]":
        if isinstance(said, Exception):
            raise said
        if isinstance(said, str):
            return subprocess.CompletedProcess(command, 1, "", f"Traceback\n{said}\n")
        return subprocess.CompletedProcess(command, 1, json.dumps({"dependencies": said}), "")

    monkeypatch.setattr(subprocess, "run", run)
    assert audit.main(["requirements.txt"]) == status
    assert told in capsys.readouterr().out
