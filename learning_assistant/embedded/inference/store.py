"""The models that this installation has: which they are, and what `embedded.weights` made of them.

Beside each `NAME.gguf` lies a `NAME.gguf.json` (its *card*), written last: a file without one is
not finished. The card also holds what would be slow to find out at each start.
"""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

Kind = Literal["completion", "embedding"]
CHAT, EMBEDDING = "smollm2:135m", "all-minilm:latest"
FILES = {CHAT: "smollm2-135m-q4_0.gguf", EMBEDDING: "all-minilm-l6-v2-q8_0.gguf"}


class WeightsMissing(Exception):
    """The weights were not made yet; says what to type."""


@dataclass(frozen=True)
class Card:
    """What is known about one model file. *size* is in bytes, *sha256* is of the whole file."""

    name: str
    kind: Kind
    made_from: str  # package, version and recipe: another text means it must be made again
    made_at: str  # RFC 3339
    sha256: str
    size: int
    family: str
    parameters: int
    quantization: str
    context_length: int
    license: str
    template: str
    model_info: dict[str, Any]

    @property
    def file(self) -> Path:
        return folder() / FILES[self.name]


def folder() -> Path:
    """Where the weights lie: in the virtual environment, so that they go when it goes."""
    return Path(sys.prefix) / "share" / "learning-assistant" / "weights"


def card_path(name: str) -> Path:
    return folder() / f"{FILES[name]}.json"


def read_card(name: str) -> Card:
    """The card of the model called *name* (with its tag). Raises `WeightsMissing`."""
    try:
        card = Card(**json.loads(card_path(name).read_text(encoding="utf-8")))
        whole = card.file.stat().st_size == card.size and card.kind in get_args(Kind)
    except (OSError, ValueError, TypeError):
        whole = False
    if not whole:
        raise WeightsMissing(f"The weights of {name} are missing or damaged: type `make setup`.")
    return card


def write_card(card: Card) -> None:
    """Raises `OSError`."""
    path = card_path(card.name)
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps(asdict(card), indent=1), encoding="utf-8")
    fresh.replace(path)
