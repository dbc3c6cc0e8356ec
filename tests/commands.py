"""Running the project's commands as a user does: a process of their own, variables by name."""

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
KEPT = ("PATH", "HOME", "LANG")


def run(*command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run *command* in the project with no variable set but *variables*."""
    env = {k: v for k, v in os.environ.items() if k in KEPT} | variables
    return subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT, env=env, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def manage(*args: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return run("manage.py", *args, **variables)
