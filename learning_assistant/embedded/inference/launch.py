"""How to start the embedded model server: for whoever spawns it, standard library only."""

import os
import sys
from pathlib import Path

from learning_assistant.embedded import openmp

PROJECT = Path(__file__).resolve().parents[3]


def command(uds: Path) -> list[str]:
    """The command that serves on the unix socket *uds*, in the foreground, until SIGTERM.

    The folder of *uds* should be private: llama.cpp's own two sockets appear beside it.
    """
    return [sys.executable, "-m", "learning_assistant.embedded.inference", "--uds", str(uds)]


def environment() -> dict[str, str]:
    """What to add to the environment of `command`. Raises `openmp.OpenMPMissing`."""
    added = {
        "PYTHONPATH": _before("PYTHONPATH", PROJECT),
        # How long a thread that waits for its team keeps its core, in turns. To give it up at once
        # doubles the time of a short text; the default, ten times this, starves whoever else
        # wants the core. Of no effect with one thread.
        "GOMP_SPINCOUNT": "30000",
    }
    folder = openmp.provide()
    if folder is not None:
        added["LD_LIBRARY_PATH"] = _before("LD_LIBRARY_PATH", folder)
    return added


def _before(variable: str, folder: Path) -> str:
    """*folder*, then what *variable* already holds."""
    others = [part for part in os.environ.get(variable, "").split(os.pathsep) if part]
    return os.pathsep.join([str(folder), *(part for part in others if part != str(folder))])
