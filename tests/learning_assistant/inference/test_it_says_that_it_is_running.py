import re

import httpx
import pytest


def test_the_root_says_so(http: httpx.Client) -> None:
    response = http.get("/")
    assert (response.status_code, response.text) == (200, "Ollama is running")


@pytest.mark.parametrize("path", ["/", "/api/version", "/api/tags"])
def test_a_head_request_is_enough_to_ask(http: httpx.Client, path: str) -> None:
    response = http.head(path)
    assert (response.status_code, response.content) == (200, b"")


def test_it_tells_its_version(http: httpx.Client) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", http.get("/api/version").json()["version"])


def test_an_unknown_path_is_not_found(http: httpx.Client) -> None:
    assert http.get("/api/nothing").status_code == 404


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate", "/api/embed", "/api/show"])
def test_asking_for_work_takes_a_post(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 405


def test_a_list_takes_no_post(http: httpx.Client) -> None:
    assert http.post("/api/tags", json={}).status_code == 405
