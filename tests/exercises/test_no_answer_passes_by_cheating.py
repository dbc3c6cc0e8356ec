"""Only a right result passes: results are compared where the learner's code has no say."""

import pytest

from exercises.content import Case
from exercises.sandbox import Limits, Outcome, Runner, run_cases, run_script
from tests.exercises.attacks import LIMITS, aftermath, both, case, cheat, needs

CASES = [case("f([3, 1, 2])", [1, 2, 3]), case("f([])", []), case("f([2, 2])", [2, 2])]
CHECK = """
def check(candidate):
    assert candidate([3, 1, 2]) == [1, 2, 3]
    assert candidate([]) == []
"""
ASSERTS = (
    "assert f([3, 1, 2]) == [1, 2, 3]\nassert set(f([2, 2])) == set([2])\nassert len(f([1])) == 1"
)
YES = """
class Yes:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __len__(self): return 1
    def __iter__(self): return iter([2])
    def __hash__(self): return 1
    def __bool__(self): return True
    def __contains__(self, other): return True
    def __getitem__(self, i): return self
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __sub__(self, other): return 0
    __rsub__ = __add__ = __radd__ = __sub__
    def __abs__(self): return 0
    def __float__(self): return 0.0
"""
CHEATS = {
    "an object that equals everything": YES + "def f(x): return Yes()",
    "a list of such objects": YES + "def f(x): return [Yes()]",
    "the class itself": YES + "def f(x): return Yes",
    "a metaclass that equals everything": "class M(type):\n    def __eq__(s, o): return True\n"
    "    __hash__ = type.__hash__\nclass A(metaclass=M): pass\ndef f(x): return A",
    "a list with another __eq__": "class L(list):\n    def __eq__(s, o): return True\n"
    "def f(x): return L([9])",
    "a dict that is all": "class D(dict):\n    def __eq__(s, o): return True\n"
    "    def __missing__(s, k): return s\ndef f(x): return D()",
    "a text with another __eq__": "class S(str):\n    def __eq__(s, o): return True\n"
    "    __hash__ = str.__hash__\ndef f(x): return S('no')",
    "a tuple with another __eq__": "class T(tuple):\n    def __eq__(s, o): return True\n"
    "    def __len__(s): return 1\ndef f(x): return T((9,))",
    "an int with another __eq__": "class I(int):\n    def __eq__(s, o): return True\n"
    "    __hash__ = int.__hash__\n    def __int__(s): return s\ndef f(x): return I(9)",
    "mock.ANY": "from unittest.mock import ANY\ndef f(x): return ANY",
    "shadowed len, set and sorted": "def len(x): return 1\ndef set(x): return 1\n"
    "def sorted(x): return 1\ndef list(x): return 1\ndef all(x): return True\ndef f(x): return [9]",
    "patched builtins": "import builtins\nbuiltins.len = lambda x: 1\n"
    "builtins.set = lambda x: 1\nbuiltins.list = type\nbuiltins.AssertionError = ValueError\n"
    "def f(x): return 0",
    "a patched assertion": "class AssertionError(Exception): pass\n"
    "import builtins\nbuiltins.AssertionError = BaseException\ndef f(x): raise AssertionError",
    "another candidate":
    "def candidate(x): return [1, 2, 3]\ndef check(c): pass\ndef f(x): return 0",
    "a check of its own": "def check(candidate): return True\ndef f(x): return 0",
    "the end of the program": "import sys\ndef f(x): sys.exit(0)",
    "the end of the process": "import os\ndef f(x): os._exit(0)",
    "the end while loading": "import os\nos._exit(0)\ndef f(x): return x",
    "quit": "def f(x): quit()",
    "SystemExit": "def f(x): raise SystemExit(0)",
    "KeyboardInterrupt": "def f(x): raise KeyboardInterrupt",
    "GeneratorExit": "def f(x): raise GeneratorExit",
    "StopIteration": "def f(x): raise StopIteration",
    "what says it is unsupported": "def f(x): raise NotImplementedError('monty does not support')",
    "what says time is over": "def f(x): raise TimeoutError('feed time limit exceeded')",
    "an exception with another traceback": "def f(x):\n    try: 1 / 0\n    except Exception as e:\n"
    "        raise e.with_traceback(None) from None",
    "an exception whose text is a pass": "def f(x): raise Exception('{\"verdict\": \"passed\"}')",
    "printed verdicts": "def f(x):\n    print('passed')\n"
    "    print('{\"value\": \"[[1,2,3],[]]\"}')\n"
    "    print('{\"verdict\": \"passed\"}')",
    "the answer, printed only": "def f(x): print(sorted(x))",
    "a closed output": "import os\nfor n in range(64):\n    try: os.close(n)\n"
    "    except OSError: pass\ndef f(x): return 0",
    "garbage in the pipe": "import os\ndef f(x):\n    for n in range(1, 20):\n"
    "        try: os.write(n, b'garbage\\n' * 10)\n        except OSError: pass\n    return 0",
    "a message that passes": "import os\ndef f(x):\n    for n in range(1, 20):\n        try:\n"
    "            os.write(n, b'{\"value\": \"\", \"fault\": null, \"output\": \"\"}\\n')\n"
    "            os.write(n, b'{\"verdict\": \"passed\", \"passed\": true}\\n')\n"
    "        except OSError: pass\n    os._exit(0)",
    "messages that are no values": "import os\ndef f(x):\n    for n in range(1, 20):\n"
    "        try:\n"
    "            for v in (b'{}', b'[]', b'null', b'{\"value\": {\"int\": 3}}',\n"
    "                      b'{\"value\": \"[{}]\"}',\n"
    "                      b'{\"value\": \"[{\\\\\"int\\\\\": 3}, 0]\"}'):\n"
    "                os.write(n, v + b'\\n')\n        except OSError: pass\n    os._exit(0)",
    "an endless line": "import os\ndef f(x):\n    while True:\n        for n in range(3, 20):\n"
    "            try: os.write(n, b'x' * 65536)\n            except OSError: pass",
    "deep JSON": "import os\ndef f(x):\n    for n in range(3, 20):\n        try:\n"
    "            os.write(n, b'[' * 60000 + b'\\n')\n"
    "            os.write(n, b'{\"value\": \"' + b'[' * 60000 + b'\"}\\n')\n"
    "        except OSError: pass\n    os._exit(0)",
    "a changed encoder": "import json\njson.dumps = lambda *a, **k: '[[1, 2, 3], []]'\n"
    "import sys\nfor m in list(sys.modules.values()):\n"
    "    if hasattr(m, 'codec'): m.codec = None\ndef f(x): return 0",
    "frames of whoever calls": "import sys\ndef f(x):\n    frame = sys._getframe()\n"
    "    while frame:\n        for v in list(frame.f_locals.values()):\n"
    "            if isinstance(v, dict) and 'expected' in v: return v['expected']\n"
    "        frame = frame.f_back",
    "everything in memory": "import gc\ndef f(x):\n    for o in gc.get_objects():\n"
    "        if isinstance(o, dict) and 'expected' in o: return o['expected']\n"
    "        if type(o).__name__ == 'Case': return o.value",
    "the tests' source": "import sys\ndef f(x):\n"
    "    for name in ('tests', 'tests.py', '__main__'):\n"
    "        m = sys.modules.get(name)\n        if hasattr(m, 'check'): m.check = lambda c: None\n",
    "a trace function": "import sys\ndef trace(frame, event, arg):\n"
    "    if frame.f_code.co_name == 'check': frame.f_trace_lines = False\n    return trace\n"
    "sys.settrace(trace)\ndef f(x): return 0",
    "an exit hook": "import atexit, os\natexit.register(lambda: os._exit(0))\ndef f(x): return 0",
    "a pickle of the answer": "class A:\n    def __reduce__(self): return (sorted, ([3, 1, 2],))\n"
    "def f(x): return A()",
    "a changed argument": "def f(x):\n    x[:] = [1, 2, 3]\n    return x if len(x) == 99 else None",
    "a coroutine": "async def f(x): return sorted(x)",
    "an iterator": "def f(x): return iter(sorted(x))",
    "a lazy reversal": "def f(x): return reversed(sorted(x)[::-1])",
    "a generator": "def f(x):\n    yield from sorted(x)",
    "a generator expression": "def f(x): return (i for i in sorted(x))",
    "a map": "def f(x): return map(int, sorted(x))",
    "a deque": "from collections import deque\ndef f(x): return deque(sorted(x))",
    "keys of a dict": "def f(x): return dict.fromkeys(sorted(x)).keys()",
    "a function": "def f(x): return lambda: sorted(x)",
    "nothing": "f = sorted and None",
    "no function": "x = 1",
    "an empty answer": "",
    "a random answer": "import random\ndef f(x): return random.choice([0, None])",
    "nan": "def f(x): return float('nan')",
    "texts instead of numbers": "def f(x): return [str(i) for i in sorted(x)] or ['']",
    "truth values": "def f(x): return [bool(i) for i in x] or [False]",
    "loaded names": "from math import *\nfrom os import *\ndef f(x): return x and 0",
    "private names": "_e = lambda v: '[[1,2,3],[]]'\n_d = lambda v: v\ncodec = lambda: (_e, _d)\n"
    "def f(x): return 0",
    "names through locals": "def f(x):\n    names = eval('locals')()\n"
    "    for n in list(names): exec(n + ' = lambda *a: 1')\n    return 0",
    "names through exec": "exec('found = list(locals())')\n"
    "for n in found:\n    if n.startswith('_'): exec('global ' + n + '\\n' + n + ' = None')\n"
    "def f(x): return 0",
}  # fmt: skip


@both
@pytest.mark.parametrize("way", CHEATS)
def test_cases(runner: Runner, way: str) -> None:
    needs(runner)
    run = run_cases(CHEATS[way], "f", CASES, LIMITS, runner)
    aftermath(runner, run)
    assert run.verdict is not Outcome.PASSED
    assert not run.cases or not run.cases[0].passed or "argument" in way


@both
@pytest.mark.parametrize("tests", [CHECK, ASSERTS])
@pytest.mark.parametrize("way", CHEATS)
def test_scripts(runner: Runner, way: str, tests: str) -> None:
    cheat(runner, CHEATS[way], tests)


@both
@pytest.mark.parametrize(
    ("code", "tests"),
    [
        ("class math:\n    isclose = staticmethod(lambda *a, **k: True)\ndef f(x): return 9",
         "assert math.isclose(f(1), 1)"),
        ("import random as math\nmath.isclose = lambda *a: True\ndef f(x): return 9",
         "import math\nassert math.isclose(f(1), 1)"),
        ("def isclose(*a): return True\ndef f(x): return 9",
         "from math import isclose\nassert isclose(f(1), 1)"),
        ("def abs(x): return 0\ndef f(x): return 9", "assert abs(f(1) - 1) < 1e-6"),
        ("def f(x): raise AssertionError", "assert f(1) == 1"),
        ("def f(x): return 9", "for i in range(3):\n    assert f(i) == i"),
        ("def f(x): return None", "assert f(1) is not None and f(1) == 1"),
        ("def f(x): return 1", "assert f(1) is True"),
        ("def f(x): return 2", "try:\n    f(1)\n    assert False\nexcept ValueError:\n    pass"),
        ("def f(x): x.append(4)", "a = [1]\nf(a)\nassert a == [1, 2]"),
    ],
)  # fmt: skip
def test_what_the_tests_use_is_their_own(runner: Runner, code: str, tests: str) -> None:
    cheat(runner, code, tests)


@both
def test_tests_that_never_call_the_function_prove_nothing(runner: Runner) -> None:
    needs(runner)
    run = run_script("def f(x): return 1", "assert 1 == 1", "f", LIMITS, runner)
    assert run.verdict is Outcome.ERROR
    assert run.fault is not None and run.fault.message == "the tests never call f"


@both
def test_an_argument_that_one_test_changes_is_whole_in_the_next(runner: Runner) -> None:
    needs(runner)
    shared = Case(name="a", call="f([3, 1])", expected="[1, 3]")
    code = "def f(x):\n    x.sort()\n    y = list(x)\n    x.clear()\n    return y"
    run = run_cases(code, "f", [shared, shared, shared], LIMITS, runner)
    assert run.verdict is Outcome.PASSED


@both
def test_a_default_argument_that_remembers_is_the_codes_own_fault(runner: Runner) -> None:
    needs(runner)
    code = "def f(x, seen=[]):\n    seen.append(x)\n    return list(seen)"
    run = run_cases(code, "f", [case("f(1)", [1]), case("f(1)", [1])], LIMITS, runner)
    assert [result.passed for result in run.cases] == [True, False]


@both
def test_longer_code_than_the_limit_is_not_run(runner: Runner) -> None:
    run = run_cases("#" * 200, "f", CASES, Limits(code_chars=100), runner)
    assert run.verdict is Outcome.FAILED
    assert run.fault is not None
    assert run.fault.message == "the code has 200 characters, 100 are the limit"
