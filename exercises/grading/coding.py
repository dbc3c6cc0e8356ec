"""Code is graded by its tests, in a sandbox."""

from exercises.content import CodingContent
from exercises.marks import Mark
from exercises.models import Verdict
from exercises.sandbox import CaseResult, Fault, Outcome, Run, run_cases

OUTPUT_SHOWN = 2_000
# What a learner reads of an exception, and what to look at.
ADVICE = {
    "Timeout": "A loop that never ends is the usual reason: does each turn come nearer to its end?",
    "MemoryLimit": "Something grows without end: look at what is appended, multiplied or repeated.",
    "Crash": "Look for a function that calls itself without end, or a very large value.",
    "RecursionError": "The function calls itself for ever: which case ends it?",
    "IndexError": "An index runs past the end: what happens with an empty or a very short list?",
    "KeyError": "A key is looked up that is not there: is every key set before it is read?",
    "ZeroDivisionError": "Something is divided by zero: which input makes the divisor zero?",
    "TypeError": "A value has another type than the line takes: print it, or check what comes in.",
    "NameError": "A name is used that was never given a value: is it spelt the same everywhere?",
    "AttributeError": "The value has no such attribute: what type is it really?",
    "ValueError": "The value does not fit what the line does with it: print it just before.",
    "SyntaxError": "Python can't read this line: look for a missing colon, bracket or quote in it "
    "or just above.",
}


def mark(content: CodingContent, code: str) -> Mark:
    """By the share of tests that pass; never a mark for what the sandbox lacks."""
    run = run_cases(code, content.entry_point, content.tests)
    details = {"tests": _tests(run), "output": run.output[:OUTPUT_SHOWN]}
    timings = {"sandbox": round(run.seconds * 1000, 1)}
    if run.outcome in (Outcome.UNSUPPORTED, Outcome.ERROR):
        feedback = f"This can't be run here, and counts neither way: {_reason(run)}."
        return Mark(Verdict.UNGRADED, None, feedback, "tests", details, timings)
    passed = sum(result.passed for result in run.results)
    score = passed / len(run.results) if run.results else 0.0
    verdict = Verdict.PASSED if run.passed else Verdict.PARTLY if passed else Verdict.FAILED
    return Mark(verdict, round(score, 3), _feedback(content, run), "tests", details, timings)


def _tests(run: Run) -> list[dict[str, object]]:
    return [
        {
            "name": result.name,
            "call": result.call,
            "passed": result.passed,
            "expected": result.expected,
            "got": result.got,
            "error": str(result.fault) if result.fault else None,
        }
        for result in run.results
    ]


def _reason(run: Run) -> str:
    if run.fault is None:
        return "the sandbox is not there"
    return run.fault.message.removeprefix("The monty syntax parser ").rstrip(".")


def _feedback(content: CodingContent, run: Run) -> str:
    if run.fault is not None:
        return _of_fault(content, run.fault)
    failed = [result for result in run.results if not result.passed]
    count = len(run.results)
    if not failed:
        return f"All {count} tests pass."
    right = f"{count - len(failed)} of {count} tests pass. " if len(failed) < count else ""
    return right + _of_case(failed[0], run)


def _of_fault(content: CodingContent, fault: Fault) -> str:
    if fault.type == "Missing":
        first = content.starter.strip().splitlines()
        head = next((line for line in first if line.startswith("def ")), content.entry_point)
        return (
            f"There is no function {content.entry_point}: define `{head.strip()}` and fill it in."
        )
    return f"The code stops before any test: {_told(fault)}"


def _of_case(case: CaseResult, run: Run) -> str:
    where = f"The test “{case.name}” fails: `{case.call}`"
    if case.fault is not None:
        return f"{where} ends with {_told(case.fault)}"
    if case.got == "None" and case.expected != "None":
        if case.expected in run.output.splitlines():
            return f"{where} prints {case.expected} and returns None: use `return`, not `print`."
        return f"{where} gives None: does every way through the function reach a `return`?"
    return (
        f"{where} gives {case.got}, and {case.expected} is expected. Work that case by hand first."
    )


def _told(fault: Fault) -> str:
    """The exception, the learner's own line, and one thing to look at."""
    name = {"Timeout": "a timeout", "MemoryLimit": "the memory limit", "Crash": "a crash"}
    text = name.get(fault.type, fault.type)
    if fault.line:
        text += f" in line {fault.line}"
        if fault.source:
            text += f" (`{fault.source}`)"
    if fault.message:
        text += f": {fault.message}"
    advice = ADVICE.get(fault.type, "")
    return f"{text.rstrip('.')}. {advice}".rstrip()
