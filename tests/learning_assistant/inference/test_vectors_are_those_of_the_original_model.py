"""`reference_vectors.json` was computed once, apart from llama.cpp and from what makes the GGUF
file: a forward pass in NumPy over the safetensors file of the same wheel, in 64-bit floats, with a
WordPiece splitter of its own, mean pooling and at most 256 tokens."""

import base64
import json
from array import array
from pathlib import Path
from typing import Any

import pytest

from tests.learning_assistant.inference.asking import cosine, embed
from tests.learning_assistant.inference.conftest import Server

REFERENCE: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("reference_vectors.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("entry", REFERENCE, ids=[entry["text"][:24] for entry in REFERENCE])
def test_they_point_the_same_way(embedded: Server, entry: dict[str, Any]) -> None:
    answer = embed(embedded.http(), entry["text"])
    assert answer["prompt_eval_count"] == entry["tokens"]
    expected = array("f", base64.b64decode(entry["vector"]))
    assert cosine(answer["embeddings"][0], expected) > 0.999
