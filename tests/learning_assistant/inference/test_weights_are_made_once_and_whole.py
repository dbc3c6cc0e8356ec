import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFWriter

from learning_assistant.embedded import weights
from learning_assistant.embedded.inference import store

EMBEDDING = next(recipe for recipe in weights.RECIPES if recipe.name == store.EMBEDDING)


def write_little(source: Path, target: Path, share: Callable[[float], None]) -> None:
    """A GGUF file with no more in it than every one has."""
    writer = GGUFWriter(target, "bert")
    writer.add_context_length(512)
    writer.add_tensor("token_embd.weight", np.zeros((4, 32), np.float32))
    share(0.5)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


LITTLE = dataclasses.replace(EMBEDDING, write=write_little)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A virtual environment's folder without weights, for which there is a little model only."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(weights, "RECIPES", (LITTLE,))
    return tmp_path


def test_what_is_there_is_left_alone() -> None:
    before = [path.stat().st_mtime_ns for path in weights.ensure()]
    assert [path.stat().st_mtime_ns for path in weights.ensure()] == before


def test_they_are_the_same_everywhere(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sys_prefix = Path(sys.executable).parents[1]
    monkeypatch.setattr(weights, "RECIPES", (EMBEDDING,))
    (made,) = weights.ensure()
    assert made.is_relative_to(empty)
    assert (
        made.read_bytes()
        == (sys_prefix / "share" / "learning-assistant" / "weights" / made.name).read_bytes()
    )


def test_another_recipe_makes_them_anew_and_tells_how_far_it_is(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made,) = weights.ensure()
    newer = dataclasses.replace(LITTLE, version=LITTLE.version + 1)
    monkeypatch.setattr(weights, "RECIPES", (newer,))
    told: list[float] = []
    weights.ensure(lambda name, share: told.append(share))
    assert told[0] == 0 and told[-1] == 1 and told == sorted(told)
    assert store.read_card(store.EMBEDDING).made_from.endswith(f"recipe {newer.version}")
    assert [path.name for path in made.parent.iterdir() if path.name.endswith(".new")] == []


def test_a_damaged_file_does_not_count(empty: Path) -> None:
    (made,) = weights.ensure()
    size = made.stat().st_size
    made.write_bytes(made.read_bytes()[:100])
    with pytest.raises(store.WeightsMissing, match="make setup"):
        store.read_card(store.EMBEDDING)
    assert weights.ensure()[0].stat().st_size == size


def test_a_missing_package_says_what_to_type(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = dataclasses.replace(LITTLE, package="no-such-package")
    monkeypatch.setattr(weights, "RECIPES", (without,))
    with pytest.raises(weights.WeightsError, match="make setup"):
        weights.ensure()


LIMITED = """
import resource, sys
from learning_assistant.embedded import weights
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
sys.prefix = sys.argv[1]
weights.RECIPES = weights.RECIPES[1:]
sys.exit(weights.main())
"""


def test_without_room_it_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        env={**os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "can't be written" in ended.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()] == []
