"""`grade --batch`: a line of JSON for each line of the file, in order, whatever is in it."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.commands import manage


def graded(path: Path, *options: str) -> tuple[list[dict[str, Any]], str, str]:
    out, err, complaint = io.StringIO(), io.StringIO(), ""
    try:
        call_command("grade", "--batch", str(path), "--json", *options, stdout=out, stderr=err)
    except CommandError as error:
        complaint = str(error)
    return [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue(), complaint


def lines(tmp_path: Path, *rows: object) -> Path:
    path = tmp_path / "answers.jsonl"
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text(text + "\n")
    return path


RIGHT = {"id": "a/1", "code": "def f(x):\n    return x\n", "tests": "assert f(1) == 1"}
CHECK = "def check(candidate):\n    assert candidate(2) == 3, 'two'\n"


def test_verdicts_in_order(tmp_path: Path) -> None:
    path = lines(
        tmp_path, RIGHT,
        {"id": 2, "code": "def f(x):\n    return x", "tests": CHECK, "entry_point": "f"},
        {"id": 3, "code": "def f(x):\n    return x + 1", "tests": CHECK, "entry_point": "f"},
        {"id": 4, "code": "def g(x): return 1", "tests": CHECK, "entry_point": "f"},
        {"id": 5, "code": "def f(x):\n    return x +", "tests": CHECK, "entry_point": "f"},
        {"id": 6, "code": "def f(x):\n    return 1 / 0", "tests": CHECK, "entry_point": "f"},
        {"id": 7, "code": "def f(x): return x", "tests": "assert f(1) ==", "entry_point": "f"},
        {"id": 8, "code": "def f(x): return x", "tests": "import numpy\nassert f(1) == 1"},
        {"id": 9, "code": "def f(x): return x", "tests": "assert 1 == 1"},
    )  # fmt: skip
    found, err, complaint = graded(path)
    assert [line["id"] for line in found] == ["a/1", 2, 3, 4, 5, 6, 7, 8, 9]
    assert [line["verdict"] for line in found] == [
        "passed", "failed", "passed", "failed", "failed", "failed", "error", "error", "error",
    ]  # fmt: skip
    assert found[1]["error"]["message"] == "two"
    assert found[3]["error"]["kind"] == "missing"
    assert (found[4]["error"]["type"], found[4]["error"]["line"]) == ("SyntaxError", 2)
    assert found[5]["error"]["source"] == "return 1 / 0"
    assert found[6]["error"]["in"] == "tests"
    assert "9 lines in" in err and "3 error, 4 failed, 2 passed" in err
    assert complaint == ""


def test_bad_lines_are_named_and_stop_nothing(tmp_path: Path) -> None:
    path = lines(
        tmp_path, "not json", "[1]", "", {"id": "x"}, {"code": "x", "tests": "y"},
        {**RIGHT, "code": 3}, {**RIGHT, "entry_point": "f()"}, {**RIGHT, "id": True}, RIGHT,
    )  # fmt: skip
    found, err, complaint = graded(path)
    assert [line["verdict"] for line in found] == ["error"] * 7 + ["passed"]
    assert [line.get("line") for line in found] == [1, 2, 4, 5, 6, 7, 8, None]
    for number, words in (
        (1, "not JSON"), (2, "must be an object, list was given"), (4, "needs the keys"),
        (5, "id must be a text or a whole number"), (6, "code must be a text, int was given"),
        (7, "entry_point must be a name, 'f()' was given"), (8, "id must be"),
    ):  # fmt: skip
        assert f"{path}:{number}: " in err and words in err
    assert [line["id"] for line in found] == [None, None, "x", None, "a/1", "a/1", True, "a/1"]
    assert complaint == "7 bad lines, the others are graded"


def test_a_runner_by_name(tmp_path: Path) -> None:
    path = lines(tmp_path, RIGHT, {**RIGHT, "code": "def f(x):\n    yield x"})
    found, _, _ = graded(path, "--runner", "monty")
    assert [line["verdict"] for line in found] == ["passed", "unsupported"]
    assert {line["runner"] for line in found} == {"monty"}


def test_time_is_bounded_as_told(tmp_path: Path) -> None:
    loop = {**RIGHT, "code": "def f(x):\n    while True:\n        pass"}
    found, _, _ = graded(lines(tmp_path, loop, RIGHT), "--seconds", "0.3")
    assert [line["verdict"] for line in found] == ["failed", "passed"]
    assert found[0]["error"]["kind"] == "time"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    _, _, complaint = graded(tmp_path / "none.jsonl")
    assert "none.jsonl: No such file" in complaint
    with pytest.raises(CommandError, match="--seconds must be from"):
        call_command("grade", "--batch", "x", "--seconds", "0")


def test_it_works_from_a_shell_without_json(tmp_path: Path, services: None) -> None:
    ran = manage(
        "grade", "--batch", str(lines(tmp_path, RIGHT, {**RIGHT, "tests": "assert f(1) == 2"})),
        DATA_DIR=os.environ["DATA_DIR"],
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[0] == "a/1: passed"
    assert ran.stdout.splitlines()[1] == "a/1: failed (AssertionError)"
