"""Code is graded by its tests, in a sandbox.

The words name what is right, what is missing and one next step; the same facts stand in
`Mark.details["tests"]`, test by test.
"""

import ast

from exercises import sandbox
from exercises.content import Case, CodingContent
from exercises.marks import Mark
from exercises.models import Verdict
from exercises.sandbox import CaseResult, Fault, FaultKind, Limits, Outcome, Run
from exercises.sandbox.reading import functions, parse
from exercises.syntax import module

SOURCE = "tests"
OUTPUT_SHOWN = 1_000


def mark(content: CodingContent, code: str, limits: Limits | None = None) -> Mark:
    """Run *code* against the tests of *content*. Never raises for what the code does."""
    limits = limits or Limits()
    run = sandbox.run_cases(code, content.entry_point, content.tests, limits)
    details = {
        "tests": [_shown(result) for result in run.cases],
        "output": run.output[:OUTPUT_SHOWN],
        "runner": run.runner,
    }
    timings = {"tests": round(run.seconds * 1000, 1)}
    if run.verdict in (Outcome.UNSUPPORTED, Outcome.ERROR):
        words = _ungraded(run)
        return Mark(Verdict.UNGRADED, None, words, SOURCE, details, timings)
    right = sum(result.passed for result in run.cases)
    score = right / len(content.tests)
    verdict = Verdict.PARTLY if right else Verdict.FAILED
    if run.verdict is Outcome.PASSED:
        verdict, words = Verdict.PASSED, f"Right: all {right} tests pass."
    else:
        words = _words(content, code, run, right, limits)
    return Mark(verdict, score, words, SOURCE, details, timings)


def _shown(result: CaseResult) -> dict[str, object]:
    return {
        "name": result.name,
        "passed": result.passed,
        "expected": result.expected,
        "got": result.got,
        "error": _error(result.fault),
    }


def _error(fault: Fault | None) -> dict[str, object] | None:
    if fault is None:
        return None
    return {
        "type": fault.type or fault.kind.value,
        "message": fault.message,
        "line": fault.line,
        "source": fault.source,
    }


def _ungraded(run: Run) -> str:
    what = f" ({run.fault.message})" if run.fault and run.fault.message else ""
    if run.verdict is Outcome.UNSUPPORTED:
        return (
            f"We can't run this here: it uses Python that our sandbox lacks{what}. "
            "It counts neither way. Try it without that, or go on to the next exercise."
        )
    return f"We could not run this just now{what}. It counts neither way. Please send it again."


def _words(content: CodingContent, code: str, run: Run, right: int, limits: Limits) -> str:
    """What is right, what is missing, one next step."""
    case, result = _first_wrong(content, run)
    if result.fault is not None and len(run.cases) > 1 and run.fault is not None:
        return _of_fault(content, code, run.fault, None, limits)
    total = len(content.tests)
    head = f"{right} of {total} tests pass. " if right else "No test passes yet. "
    if result.fault is not None:
        return head + _of_fault(content, code, result.fault, case, limits)
    return head + _of_value(content, case, result)


def _first_wrong(content: CodingContent, run: Run) -> tuple[Case, CaseResult]:
    """The first test that fails by a result or an error of its own, not for want of time."""
    pairs = [(c, r) for c, r in zip(content.tests, run.cases, strict=True) if not r.passed]
    ran = [p for p in pairs if p[1].fault is None or p[1].fault.kind is not FaultKind.NOT_RUN]
    return (ran or pairs)[0]


def _of_value(content: CodingContent, case: Case, result: CaseResult) -> str:
    wrong = (
        f"“{result.name}” fails: {case.call} should give {result.expected}, "
        f"and yours gives {result.got}."
    )
    if result.got == "None":
        if result.expected in result.output:
            return f"{wrong} You print the answer: put `return` where `print` is."
        return f"{wrong} A function without `return` gives None: what does yours return there?"
    kind = result.got_type
    if kind in ("iterator", "range", "dict_keys", "dict_values", "dict_items", "deque"):
        return f"{wrong} `list(…)` makes a list of that."
    if kind == "other" or (result.got or "").startswith("<"):
        return f"{wrong} Return plain values: numbers, texts, lists, dictionaries."
    expected = case.value
    if isinstance(expected, bool) != (kind == "bool") and kind in ("bool", "int"):
        return f"{wrong} A truth value (True, False) and a number are two things here."
    if isinstance(expected, str) != (kind == "str"):
        return f"{wrong} Look at the type: {type(expected).__name__} is wanted, yours is {kind}."
    return f"{wrong} Work through this call by hand, step by step, and see where yours differs."


def _of_fault(
    content: CodingContent, code: str, fault: Fault, case: Case | None, limits: Limits
) -> str:
    call = case.call if case else f"{content.entry_point}(…)"
    at = f" at line {fault.line}: `{fault.source}`" if fault.line and fault.source else ""
    kind = fault.kind
    if kind is FaultKind.SYNTAX:
        return f"Python can't read the code: {fault.message}{at}. Mend that line first."
    if kind is FaultKind.MISSING:
        return _missing(content, code, limits)
    if kind is FaultKind.TOO_LARGE:
        return f"Too much: {fault.message}. Make it smaller."
    if kind in (FaultKind.TIME, FaultKind.NOT_RUN):
        return (
            f"{call} took more than {limits.seconds:g} seconds and was stopped{at}. "
            "Does every loop, and every recursion, come to its end?"
        )
    if kind is FaultKind.MEMORY:
        return (
            f"{call} wanted more than {limits.memory_mb} MB of memory{at}. "
            "Does something grow without end, or could it be made piece by piece?"
        )
    if kind is FaultKind.CRASH:
        return f"{call} ended Python itself. Leave out what stops the program, such as exit()."
    return f"{call} raises {fault.type}: {fault.message}{at}. {_advice(fault)}"


def _missing(content: CodingContent, code: str, limits: Limits) -> str:
    source = parse(code, limits.code_chars)
    found = [] if isinstance(source, Fault) else functions(source)
    wanted = f"There is no function `{content.entry_point}` in the code"
    header = _header(content)
    if not found:
        return f"{wanted}. Begin with `{header}`."
    names = ", ".join(f"`{name}`" for name in found[:5])
    return f"{wanted}, only {names}. Name it as the exercise does: `{header}`."


def _header(content: CodingContent) -> str:
    """The first line of the function, as the starter has it."""
    for node in module(content.starter).body:
        if isinstance(node, ast.FunctionDef) and node.name == content.entry_point:
            returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            return f"def {node.name}({ast.unparse(node.args)}){returns}:"
    return f"def {content.entry_point}(…):"


ADVICE = {
    "ZeroDivisionError": "When is the divisor 0, and what should come out then?",
    "IndexError": "Which index is past the end? An empty or short list is the usual reason.",
    "KeyError": "That key isn't there: `dict.get` or a test with `in` helps.",
    "NameError": "Is the name spelt the same where it is set, and set before?",
    "UnboundLocalError": "The name is set in some branch only: give it a value before.",
    "TypeError": "Look at the types of the values in that line.",
    "AttributeError": "Look at what the value in that line is: another type than you think.",
    "RecursionError": "The recursion has no end: which case should return without another call?",
    "ModuleNotFoundError": "Only Python's own library is here: do it without that package.",
    "ValueError": "The type is right, the value isn't: which one comes in there?",
}


def _advice(fault: Fault) -> str:
    return ADVICE.get(fault.type, "Try this call by itself and look at that line.")
