"""Every wrong request to a whole running copy is a problem+json that names the field at fault."""

import json
from typing import Any

import httpx
import pytest

from tests.stack import Stack

GOOD: dict[str, Any] = {"query": "statistics", "session_id": "s"}


def without(name: str) -> dict[str, Any]:
    return {k: v for k, v in GOOD.items() if k != name}


FIELDS: list[tuple[str, Any, str, str]] = [
    ("no query", without("query"), "query", "required"),
    ("null query", GOOD | {"query": None}, "query", "null"),
    ("empty query", GOOD | {"query": ""}, "query", "blank"),
    ("blank query", GOOD | {"query": " \t\n "}, "query", "blank"),
    ("long query", GOOD | {"query": "x" * 501}, "query", "at most 500 characters, 501"),
    ("NUL in query", GOOD | {"query": "a\0b"}, "query", "ull"),
    ("surrogate", GOOD | {"query": "\ud800"}, "query", "urrogate"),
    ("number as query", GOOD | {"query": 7}, "query", "must be a string, int"),
    ("list as query", GOOD | {"query": ["a"]}, "query", "must be a string, list"),
    ("object as query", GOOD | {"query": {}}, "query", "must be a string, dict"),
    ("boolean as query", GOOD | {"query": True}, "query", "must be a string, bool"),
    ("no session", without("session_id"), "session_id", "required"),
    ("empty session", GOOD | {"session_id": ""}, "session_id", "blank"),
    ("number as session", GOOD | {"session_id": 1}, "session_id", "must be a string"),
    ("NUL in session", GOOD | {"session_id": "\0"}, "session_id", "ull"),
    ("long session", GOOD | {"session_id": "x" * 129}, "session_id", "at most 128"),
    ("limit 2", GOOD | {"limit": 2}, "limit", "must be from 3 to 10, 2 was sent"),
    ("limit 11", GOOD | {"limit": 11}, "limit", "must be from 3 to 10, 11 was sent"),
    ("limit -1", GOOD | {"limit": -1}, "limit", "must be from 3 to 10"),
    ("huge limit", GOOD | {"limit": 10**400}, "limit", "must be from 3 to 10"),
    ("limit as text", GOOD | {"limit": "5"}, "limit", "must be a whole number, str"),
    ("limit 5.5", GOOD | {"limit": 5.5}, "limit", "must be a whole number, float"),
    ("limit true", GOOD | {"limit": True}, "limit", "must be a whole number, bool"),
    ("null limit", GOOD | {"limit": None}, "limit", "null"),
    ("unknown level", GOOD | {"level": "expert"}, "level", "one of beginner, intermediate"),
    ("level as list", GOOD | {"level": ["beginner"]}, "level", "must be one of"),
    ("empty level", GOOD | {"level": ""}, "level", ""),
    ("unknown kind", GOOD | {"kind": "podcast"}, "kind", "one of paper, tutorial"),
    ("unknown topic", GOOD | {"topic": "no-such"}, "topic", "there is no topic 'no-such'"),
    ("topic as number", GOOD | {"topic": 3}, "topic", "must be a string"),
    ("long topic", GOOD | {"topic": "x" * 81}, "topic", "at most 80"),
    ("NUL in topic", GOOD | {"topic": "a\0"}, "topic", "ull"),
    ("unknown field", GOOD | {"levl": "beginner"}, "levl", "unknown field; known are query"),
    ("long unknown field", GOOD | {"x" * 5000: 1}, "x" * 100, "unknown field"),
    ("surrogate as a field", GOOD | {"\ud800": 1}, "", "unknown field"),
]
BODIES: list[tuple[str, bytes, str, int]] = [
    ("nothing", b"", "application/json", 400),
    ("half of it", b'{"query": "a"', "application/json", 400),
    ("text", b"query=a", "application/json", 400),
    ("not UTF-8", b'{"query": "\xff"}', "application/json", 400),
    ("a list", b"[1]", "application/json", 400),
    ("a number", b"7", "application/json", 400),
    ("null", b"null", "application/json", 400),
    ("NaN", b'{"query": "a", "session_id": "s", "limit": NaN}', "application/json", 400),
    ("deep", b"[" * 60_000, "application/json", 400),
    ("deep objects", b'{"a":' * 10_000, "application/json", 400),
    ("a form", b"query=a&session_id=s", "application/x-www-form-urlencoded", 415),
    ("plain text", json.dumps(GOOD).encode(), "text/plain", 415),
    ("no type", json.dumps(GOOD).encode(), "", 415),
    ("too long", json.dumps(GOOD | {"query": "x" * 70_000}).encode(), "application/json", 413),
    ("blanks too long", b" " * 65_537, "application/json", 413),
    ("a megabyte", b"x" * 1_000_000, "application/json", 413),
]


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert told["type"] and told["title"] and told["detail"]
    assert "Traceback" not in answer.text
    return told


@pytest.mark.parametrize(
    ("body", "field", "said"), [f[1:] for f in FIELDS], ids=[f[0] for f in FIELDS]
)
def test_a_field_at_fault_is_named(stack: Stack, body: Any, field: str, said: str) -> None:
    told = problem(stack.post(json.dumps(body).encode()), 400)
    (error,) = told["errors"]
    assert error["field"].startswith(field)
    assert said in error["detail"]
    assert error["code"]
    assert error["field"] in told["detail"]


def test_all_fields_at_fault_are_named(stack: Stack) -> None:
    told = problem(stack.post({"query": 1, "limit": 99, "kind": "x"}), 400)
    assert {e["field"] for e in told["errors"]} == {"query", "session_id", "limit", "kind"}


@pytest.mark.parametrize(
    ("body", "type_", "status"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES]
)
def test_a_body_that_can_not_be_read(stack: Stack, body: bytes, type_: str, status: int) -> None:
    problem(stack.post(body, headers={"content-type": type_}), status)


def test_a_body_of_exactly_64_kib_is_read(stack: Stack) -> None:
    body = json.dumps(GOOD).encode()
    assert stack.post(body + b" " * (65_536 - len(body))).status_code == 200
    problem(stack.post(body + b" " * (65_537 - len(body))), 413)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "PROPFIND"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_wrong_method_is_told_the_right_one(stack: Stack, method: str, slash: str) -> None:
    answer = httpx.request(
        method, f"{stack.url}/api/learning/resources{slash}", timeout=10, trust_env=False
    )
    assert "POST" in answer.headers["allow"]
    if method == "HEAD":
        assert answer.status_code == 405
    else:
        problem(answer, 405)


@pytest.mark.parametrize("path", ["nothing", "resources/7", "resources//", "../resources"])
def test_an_unknown_path(stack: Stack, path: str) -> None:
    problem(stack.post(GOOD, path), 404)


def test_exactly_at_the_limits(stack: Stack) -> None:
    for change in ({"query": "x" * 500}, {"session_id": "x" * 128}, {"limit": 3}, {"limit": 10.0}):
        assert stack.post(GOOD | change).status_code == 200
