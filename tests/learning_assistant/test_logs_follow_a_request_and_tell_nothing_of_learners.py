"""One id stands in the lines of web, worker and model server; a learner's words stand in none,
however much the copy is told to say."""

import itertools
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings

from tests.stack import Stack, until

pytestmark = pytest.mark.alone
# No language has them, so that nothing but a request brings them anywhere.
QUERY = "zubrokavel fermintosch gradients"
ANSWER = "glimpfrandel wostrunik because of steps"
PATH = "krasselfitz"


def log_files(stack: Stack) -> list[Path]:
    return sorted((stack.data_dir / "log").glob("*.log*"))


def lines_of(stack: Stack, program: str, request_id: str) -> list[dict[str, Any]]:
    """The lines of *program* under an id; each line of a program of ours is JSON."""
    text = (stack.data_dir / "log" / f"{program}.log").read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("request_id") == request_id]


def test_one_id_is_in_every_log_and_in_the_answer(telling_stack: Stack) -> None:
    numbers = itertools.count(1)

    def asked() -> str:
        """The id of a question that came as far as the model server, busy as it is at the start."""
        request_id = f"from-the.proxy_{next(numbers)}"
        question = {"query": f"{QUERY} {request_id}", "session_id": "s"}
        answer = telling_stack.post(question, headers={"X-Request-ID": request_id})
        assert answer.headers["X-Request-ID"] == request_id
        until(lambda: lines_of(telling_stack, "interactive", request_id), 5, "the worker's line")
        return request_id if lines_of(telling_stack, "inference", request_id) else ""

    request_id = until(asked, 60, "a question with a vector of its own")
    # Written when the answer is on its way.
    (web,) = until(lambda: lines_of(telling_stack, "web", request_id), 5, "the web server's line")
    assert (web["method"], web["path"], web["status"]) == ("POST", "/api/learning/resources", 200)
    assert 0 < web["ms"] < 10_000
    worker = lines_of(telling_stack, "interactive", request_id)[-1]
    assert (worker["task"], worker["status"]) == ("resources.tasks.suggest", "success")
    model = lines_of(telling_stack, "inference", request_id)
    assert {(line["method"], line["path"]) for line in model} <= {
        ("POST", "/api/embed"), ("POST", "/api/chat"),
    }  # fmt: skip


@pytest.mark.parametrize("given", ["short", "with space", "x" * 65, "a\"b';DROP--x", "é" * 10])
def test_an_id_that_is_not_well_formed_is_not_taken(telling_stack: Stack, given: str) -> None:
    headers = [(b"X-Request-ID", given.encode("latin-1"))]
    url = f"{telling_stack.url}/api/learning/health/live"
    made = httpx.get(url, headers=headers, trust_env=False).headers["X-Request-ID"]
    assert made != given
    assert len(made) == 32 and made.isalnum()


def one_exercise(stack: Stack, folder: Path) -> Any:
    """One of the bank's short answers, which takes a while to be loaded whole."""
    bank = Path(settings.BASE_DIR) / "exercises" / "bank" / "short-foundations.toml"
    first = "[[exercise]]" + bank.read_text().split("[[exercise]]")[1]
    (folder / "one.toml").write_text(first)
    loaded = stack.manage("load_bank", str(folder))
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    wanted = {"exercise_type": "short_answer", "session_id": PATH}
    return stack.post(wanted, "exercises").json()["exercise"]


def test_words_of_learners_are_in_no_log(telling_stack: Stack, tmp_path: Path) -> None:
    stack = telling_stack
    question, in_parts = {"query": QUERY, "session_id": PATH}, {"accept": "text/event-stream"}
    assert stack.post(question, headers=in_parts).status_code == 200
    assert stack.post(question).status_code == 200
    stack.post(b'{"query": "' + QUERY.encode() + b'", "session_id": 1, "more": "' + b'"}')
    stack.post({"query": f"{QUERY} " * 40, "session_id": QUERY})
    for path in (f"{PATH}/{QUERY.split()[0]}", f"resources?q={PATH}"):
        stack.get(path)
    number = one_exercise(stack, tmp_path)["id"]
    graded = stack.post({"session_id": PATH, "answer": ANSWER}, f"exercises/{number}/attempts")
    assert graded.status_code in (200, 202)
    stack.get(f"exercises/{number}/attempts/{graded.json()['attempt']}?session_id={PATH}")
    asked = stack.get("health/live").headers["X-Request-ID"]
    until(lambda: lines_of(stack, "web", asked), 5, "the last line")
    words = [word for text in (QUERY, ANSWER, PATH) for word in text.split()[:2]]
    for file in log_files(stack):
        text = file.read_text()
        assert [word for word in words if word in text] == [], file.name


def test_secrets_are_in_no_log(telling_stack: Stack) -> None:
    made = telling_stack.post({}, "sessions").json()
    telling_stack.post(
        {"query": QUERY, "session_id": made["session_id"]},
        headers={"X-Session-Secret": made["secret"], "Authorization": "Api-Key abcdefgh.0123"},
    )
    secrets = [p.read_text().strip() for p in (telling_stack.data_dir / "secrets").iterdir()]
    assert len(secrets) > 3
    for file in log_files(telling_stack):
        text = file.read_text()
        assert not any(secret in text for secret in [*secrets, made["secret"]]), file.name
        assert "abcdefgh.0123" not in text, file.name
