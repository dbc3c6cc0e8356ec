"""Running code from strangers, and comparing what it returns where that code has no say.

`run_cases` serves exercises (calls with literal results), `run_script` files of tests.
"""

from exercises.sandbox.results import CaseResult, Fault, FaultKind, Limits, Outcome, Run
from exercises.sandbox.running import Runner, run_cases, run_script

__all__ = [
    "CaseResult", "Fault", "FaultKind", "Limits", "Outcome", "Run", "Runner", "run_cases",
    "run_script",
]  # fmt: skip
