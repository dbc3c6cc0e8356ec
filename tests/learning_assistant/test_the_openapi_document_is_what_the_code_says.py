"""docs/openapi.yaml is generated, valid OpenAPI 3.1, and shows each path once, without a slash."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.test import Client

from tests.commands import manage

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text())
    return loaded


def test_it_is_up_to_date(tmp_path: Path) -> None:
    made = tmp_path / "openapi.yaml"
    done = manage(
        "spectacular", "--validate", "--fail-on-warn", "--file", str(made),
        DATA_DIR=str(tmp_path / "data"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert made.read_text() == DOCUMENT.read_text()
    assert not (tmp_path / "data" / "run").exists()


def test_paths_are_shown_once_and_without_a_slash(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert "/api/learning/resources" in document["paths"]
    assert not [path for path in document["paths"] if path.endswith("/")]


def test_errors_are_documented_as_problems(document: dict[str, Any]) -> None:
    responses = document["paths"]["/api/learning/resources"]["post"]["responses"]
    assert set(responses) == {"200", "400", "405", "411", "413", "415", "429", "503"}
    for status in sorted(set(responses) - {"200"}):
        assert list(responses[status]["content"]) == ["application/problem+json"], status


def test_search_is_documented_with_its_key(document: dict[str, Any]) -> None:
    search = document["paths"]["/api/learning/search"]["post"]
    assert search["security"] == [{"apiKey": []}]
    assert {"401", "403"} <= search["responses"].keys()
    scheme = document["components"]["securitySchemes"]["apiKey"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")
    assert "security" not in document["paths"]["/api/learning/resources"]["post"]


def test_the_limits_are_documented(document: dict[str, Any]) -> None:
    asked = document["components"]["schemas"]["ResourceQuery"]
    assert asked["required"] == ["query", "session_id"]
    assert asked["properties"]["query"]["maxLength"] == 500
    assert asked["properties"]["session_id"]["maxLength"] == 128
    limit = asked["properties"]["limit"]
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (3, 10, 5)


def test_the_server_shows_the_same(client: Client, document: dict[str, Any]) -> None:
    for path in ("/api/learning/schema", "/api/learning/schema/"):
        assert client.get(path).json()["paths"].keys() == document["paths"].keys()
