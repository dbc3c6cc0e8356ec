"""schemathesis over the OpenAPI document, all checks on, against a server that runs.

It is a program of its own here and no part of pytest: it asks over HTTP like any client. So that it
gets past 401 and 404 it is told of a key, exercises, an attempt and a session that there are.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

PROJECT = Path(__file__).resolve().parent.parent.parent
TYPES = ("multiple_choice", "cloze", "short_answer", "coding")
SESSION = "fuzz"
ANSWERS = [
    "a", "b", "c", "d", "gradient", "The gradient points uphill.",
    "def double(x):\n    return 2 * x\n", "import os\n", "while True: pass", "def f(:",
]  # fmt: skip


@dataclass(frozen=True)
class Budget:
    """How far it goes: examples an operation and phase, or minutes until it ends."""

    seed: int
    examples: int
    minutes: int = 0


@dataclass(frozen=True)
class Report:
    """What schemathesis said; 0 where it found nothing."""

    returncode: int
    text: str


def run(url: str, key: str, folder: Path, budget: Budget) -> Report:
    """Ask the server at *url*, with the API key *key*; files go to *folder*."""
    config = folder / "schemathesis.toml"
    config.write_text(_toml(_config(_known(url), key)))
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run",
        f"{url}/api/learning/schema", "--checks", "all", "--seed", str(budget.seed),
        "--max-examples", str(budget.examples), "--continue-on-failure", "--request-timeout", "10",
        *(["--max-time", str(60 * budget.minutes)] if budget.minutes else []),
    ]  # fmt: skip
    env = os.environ | {"SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "PYTHONPATH": _path()}
    done = subprocess.run(
        command, cwd=PROJECT, env=env, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=60 * budget.minutes + 600,
    )  # fmt: skip
    return Report(done.returncode, done.stdout)


def _path() -> str:
    return os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH", "")]))


def _known(url: str) -> dict[str, Any]:
    """Things that there are, as a learner gets to know them."""

    def post(path: str, body: dict[str, Any]) -> Any:
        answer = httpx.post(f"{url}/api/learning/{path}", json=body, timeout=10, trust_env=False)
        assert answer.is_success, answer.text
        return answer.json()

    served = [
        post("exercises", {"exercise_type": type_, "session_id": SESSION})["exercise"]
        for type_ in TYPES
    ]
    ids = [exercise["id"] for exercise in served]
    attempt = post(f"exercises/{ids[1]}/attempts", {"session_id": SESSION, "answer": "x"})
    resources = post("resources", {"query": "gradient descent", "session_id": SESSION})["resources"]
    return {
        "exercises": ids,
        "answered": [ids[1]],
        "attempts": [attempt["attempt"]],
        "topics": sorted({exercise["topic"] for exercise in served}),
        "resources": [resource["id"] for resource in resources],
        "session": post("sessions", {}),
    }


def _config(known: dict[str, Any], key: str) -> dict[str, Any]:
    """schemathesis's configuration: mostly what there is, sometimes what it makes up."""
    session = known["session"]
    dictionaries = {
        "exercises": known["exercises"],
        "answered": known["answered"],
        "attempts": known["attempts"],
        "topics": known["topics"],
        "resources": known["resources"],
        "issued": [session["session_id"]],
        "secret": [session["secret"]],
        "sessions": [SESSION],
        "answers": ANSWERS,
    }

    def of(name: str, probability: float) -> dict[str, Any]:
        return {"dictionary": name, "probability": probability}

    return {
        "auth": {"openapi": {"apiKey": {"api_key": f"Api-Key {key}"}}},
        "cache": {"enabled": False},
        "warnings": False,
        "dictionaries": {name: {"values": values} for name, values in dictionaries.items()},
        "parameters": {
            "path.exercise_id": of("exercises", 0.9),
            "path.session_id": of("issued", 0.9),
            "header.X-Session-Secret": of("secret", 0.8),
            "path.attempt_id": of("attempts", 0.8),
            "query.session_id": of("sessions", 0.7),
            "body.topic": of("topics", 0.9),
            "body.resource_id": of("resources", 0.8),
            "body.answer": of("answers", 0.6),
        },
        "operations": [
            {
                "include-operation-id": "attempt_result",
                "parameters": {"path.exercise_id": of("answered", 0.9)},
            },
            {  # the document says so: a 503 that names what it waits for
                "include-operation-id": "ready",
                "checks": {"not_a_server_error": {"expected-statuses": ["2xx", "4xx", "503"]}},
            },
        ],
    }


def _toml(table: dict[str, Any]) -> str:
    """*table* as TOML: JSON is, line by line, what TOML takes as an inline value."""
    return "".join(f"{json.dumps(name)} = {_inline(value)}\n" for name, value in table.items())


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value)
