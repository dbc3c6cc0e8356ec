import re
from datetime import UTC, datetime

import httpx
import ollama
import pytest

from tests.learning_assistant.inference.asking import refused
from tests.learning_assistant.inference.conftest import CHAT_MODEL, EMBED_MODEL, Server


def full(name: str) -> str:
    return name if ":" in name else f"{name}:latest"


@pytest.mark.parametrize("model", [CHAT_MODEL, EMBED_MODEL])
def test_both_models_are_there(client: ollama.Client, model: str) -> None:
    found = {one.model: one for one in client.list().models}[full(model)]
    assert re.fullmatch(r"[0-9a-f]{64}", found.digest or "")
    assert found.size and found.size > 1_000_000
    assert found.modified_at and found.modified_at < datetime.now(UTC)
    assert found.details and found.details.format == "gguf"
    assert found.details.family and found.details.quantization_level
    assert re.fullmatch(r"[\d.]+[MB]", found.details.parameter_size or "")


def test_a_list_entry_has_a_name_too(http: httpx.Client) -> None:
    for entry in http.get("/api/tags").json()["models"]:
        assert entry["name"] == entry["model"]


def test_what_is_loaded_is_told(client: ollama.Client) -> None:
    client.embed(model=EMBED_MODEL, input="here")
    loaded = {one.model: one for one in client.ps().models}[full(EMBED_MODEL)]
    listed = {one.model: one for one in client.list().models}[full(EMBED_MODEL)]
    assert loaded.digest == listed.digest
    assert loaded.expires_at and loaded.expires_at > datetime.now(UTC)
    assert loaded.context_length and loaded.context_length >= 256
    assert loaded.size and loaded.size_vram is not None


def test_the_chat_model_can_complete(client: ollama.Client) -> None:
    shown = client.show(CHAT_MODEL)
    assert "completion" in (shown.capabilities or [])
    assert shown.template and shown.details and shown.details.format == "gguf"
    information = shown.modelinfo or {}
    family = information["general.architecture"]
    assert information[f"{family}.context_length"] >= 2048
    assert information["general.parameter_count"] > 100_000_000


def test_the_embedding_model_tells_its_width(client: ollama.Client) -> None:
    shown = client.show(EMBED_MODEL)
    assert "embedding" in (shown.capabilities or [])
    information = shown.modelinfo or {}
    width = information[f"{information['general.architecture']}.embedding_length"]
    assert width == len(client.embed(model=EMBED_MODEL, input="here").embeddings[0])


def test_the_older_field_name_still_shows(http: httpx.Client) -> None:
    response = http.post("/api/show", json={"name": EMBED_MODEL})
    assert response.json()["details"]["format"] == "gguf"


def test_the_tag_may_be_left_out(http: httpx.Client) -> None:
    short, long = ({"model": name, "input": "a"} for name in (EMBED_MODEL, full(EMBED_MODEL)))
    one, other = (http.post("/api/embed", json=body).json() for body in (short, long))
    assert one["embeddings"] == other["embeddings"]
    assert (one["model"], other["model"]) == (EMBED_MODEL, full(EMBED_MODEL))


def test_showing_takes_a_name(http: httpx.Client) -> None:
    assert "required" in refused(http.post("/api/show", json={}), 400)


def test_the_digest_is_that_of_the_file(embedded: Server) -> None:
    import hashlib

    from learning_assistant.embedded.inference import store

    digests = {one.model: one.digest for one in embedded.ollama().list().models}
    for name in (store.CHAT, store.EMBEDDING):
        raw = store.read_card(name).file.read_bytes()
        assert digests[name] == hashlib.sha256(raw).hexdigest()
