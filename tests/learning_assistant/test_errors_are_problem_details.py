"""Whatever goes wrong under /api is an RFC 9457 problem, unknown paths too."""

import pytest
from django.test import Client

PATHS = ["/", "/nothing", "/api/", "/api/learning/", "/api/learning/nothing", "/api/learning/x/"]


@pytest.mark.parametrize("path", PATHS)
def test_an_unknown_path(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 404
    assert problem["title"] == "Not Found"
    assert problem["type"] == "about:blank"
    assert path in problem["detail"]


def test_an_unknown_host(client: Client) -> None:
    answer = client.get("/api/learning/health/live", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_wrong_method_says_which_are_right(client: Client, slash: str) -> None:
    answer = client.get(f"/api/learning/resources{slash}")
    assert answer.status_code == 405
    assert answer["Content-Type"] == "application/problem+json"
    assert set(answer["Allow"].replace(" ", "").split(",")) == {"POST", "OPTIONS"}
    assert "GET" in answer.json()["detail"]


def test_alive_whatever_the_accept_header_says(client: Client) -> None:
    answer = client.get("/api/learning/health/live", headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert answer.json() == {"status": "alive"}
