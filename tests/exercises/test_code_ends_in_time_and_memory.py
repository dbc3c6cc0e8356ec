"""Whatever code does, its attempt ends: time, memory and output are bounded, by its own fault."""

import pytest

from exercises.sandbox import FaultKind, Limits, Outcome, Runner, run_cases
from tests.exercises.attacks import LIMITS, aftermath, attack, both, case, needs

ENDLESS = {
    "loop": "while True: pass",
    "loop that catches all": "while True:\n        try:\n            while True: pass\n"
    "        except BaseException: pass",
    "finally": "try:\n        while True: pass\n    finally:\n        attack()",
    "power": "return 10 ** 10 ** 8",
    "factorial": "import math\n    return math.factorial(10 ** 7)",
    "big text": "return 'a' * 10 ** 11",
    "growing text": "s = 'a'\n    while True: s += s",
    "growing list": "x = []\n    while True: x.append('a' * 1000)",
    "nested lists": "x = []\n    while True: x = [x, x]",
    "big range": "return list(range(10 ** 9))",
    "big sort": "return sorted(range(10 ** 8))",
    "big set": "return set(range(10 ** 9))",
    "sum": "return sum(range(10 ** 12))",
    "membership": "return -1.5 in range(10 ** 12)",
    "recursion": "return attack()",
    "recursion without limit": "import sys\n"
    "    sys.setrecursionlimit(10 ** 9)\n    return attack()",
    "repr": "x = []\n    for _ in range(10 ** 6): x = [x]\n    return repr(x)",
    "sleep": "import time\n    time.sleep(100)",
    "input": "return input()",
    "regex": "import re\n    return re.match(r'(a|a)*(a+)+$', 'a' * 60 + 'b')",
    "regex with words": "import re\n    return re.match(r'^(\\w+\\s?)*$', 'word ' * 40 + '!')",
    "format": "return '{:>99999999999}'.format(1)",
    "decimal": "from decimal import Decimal\n    return Decimal(10) ** (10 ** 15)",
    "permutations": "import itertools\n    return list(itertools.permutations(range(20)))",
    "int of text": "return int('9' * 10 ** 7)",
    "json": "import json\n    return json.loads('[' * 10 ** 6)",
    "eval": "return eval('-' * 10 ** 6 + '1')",
    "compile": "return eval('(' * 90 + '1' + ')' * 90 + '**9' * 300)",
    "print": "while True: print('x' * 1000)",
    "cycle": "x = []\n    x.append(x)\n    return x == [x]",
    "hash": "return {i * (2 ** 61 - 1): 0 for i in range(10 ** 5)}",
}


@both
@pytest.mark.parametrize("way", ENDLESS)
def test_it_ends(runner: Runner, way: str) -> None:
    run = attack(runner, f"def attack():\n    {ENDLESS[way]}")
    assert run.verdict in (Outcome.FAILED, Outcome.UNSUPPORTED)


@both
@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "class A:\n    def __repr__(self):\n        while True: pass\ndef attack(): return A()",
        "class A:\n    def __del__(self):\n        while True: pass\ndef attack(): return A()",
        "import atexit\natexit.register(lambda: [0 for _ in iter(int, 1)])\ndef attack(): return 1",
        "class A(list):\n    def __iter__(self):\n        while True: yield 1\n"
        "def attack(): return A()",
        "class A(dict):\n    def items(self):\n        while True: yield 1, 1\n"
        "def attack(): return A()",
        "def attack():\n    while True: yield 1",
        "class E(Exception):\n    def __str__(self):\n        while True: pass\n"
        "def attack(): raise E",
    ],
)
def test_code_that_is_not_called_ends_too(runner: Runner, code: str) -> None:
    attack(runner, code)


@both
def test_a_time_limit_is_named_with_the_line(runner: Runner) -> None:
    needs(runner)
    code = "def f(x):\n    while x:\n        pass\n    return x"
    run = run_cases(code, "f", [case("f(0)", 0), case("f(1)", 1)], LIMITS, runner)
    assert [result.passed for result in run.cases] == [True, False]
    fault = run.cases[1].fault
    assert fault is not None and fault.kind is FaultKind.TIME
    aftermath(runner, run)


@both
def test_later_tests_run_after_one_that_never_ends(runner: Runner) -> None:
    needs(runner)
    code = "def f(x):\n    while x == 1:\n        pass\n    return x"
    cases = [case("f(1)", 1), case("f(2)", 2), case("f(3)", 3)]
    run = run_cases(code, "f", cases, Limits(1.0, 5.0), runner)
    assert [result.passed for result in run.cases] == [False, True, True]


@both
def test_a_memory_limit_is_named(runner: Runner) -> None:
    needs(runner)
    run = run_cases("def f():\n    return [0] * 10**9", "f", [case("f()", 1)], LIMITS, runner)
    fault = run.cases[0].fault
    assert fault is not None and fault.kind is FaultKind.MEMORY and fault.line == 2


@both
def test_output_is_cut(runner: Runner) -> None:
    needs(runner)
    code = "def f():\n    for i in range(20_000): print('x' * 50)\n    return 1"
    run = run_cases(code, "f", [case("f()", 1)], Limits(3.0, 6.0), runner)
    assert run.verdict is Outcome.PASSED
    assert run.output.startswith("xxx") and len(run.output) <= Limits().output_chars


@both
def test_a_result_that_is_too_large_is_said_to_be(runner: Runner) -> None:
    run = attack(runner, "def attack():\n    return ['x' * 1000] * 5000")
    assert run.cases[0].fault is not None
    assert "too large" in run.cases[0].fault.message
