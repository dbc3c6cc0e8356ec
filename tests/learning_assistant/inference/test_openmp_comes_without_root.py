import os
import subprocess
import sys
from pathlib import Path

import pytest

from learning_assistant.embedded import openmp

LOAD = """
import pathlib, xllamacpp
maps = pathlib.Path("/proc/self/maps").read_text().splitlines()
print(*{line.split()[-1] for line in maps if "libgomp" in line})
"""


def test_the_library_of_a_wheel_serves_llama_cpp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openmp, "folder", lambda: tmp_path / "lib")
    folder = openmp.link_carried()
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD],
        env={**os.environ, "LD_LIBRARY_PATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{openmp.CARRIER}.libs" in loaded.stdout


def test_a_link_that_leads_nowhere_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openmp, "folder", lambda: tmp_path)
    (tmp_path / openmp.LIBRARY).symlink_to("/nowhere")
    assert (openmp.link_carried() / openmp.LIBRARY).resolve().is_file()


def test_without_any_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openmp, "CARRIER", "no-such-package")
    with pytest.raises(openmp.OpenMPMissing, match="apt-get install libgomp1"):
        openmp.link_carried()
