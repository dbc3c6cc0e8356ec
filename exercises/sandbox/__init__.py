"""Code from strangers: run it with limits, compare its results outside.

Two runners. *monty* is a Python of its own (pydantic-monty) without files, network or processes; it
lacks a part of the language. What it lacks is tried in *fenced*, a CPython behind a seccomp filter,
where the kernel has one. What neither can run is `unsupported`: that is nobody's mistake.
"""

from exercises.sandbox.results import CaseResult, Fault, Limits, Outcome, Run
from exercises.sandbox.running import Runner, run_cases, run_script, runners

__all__ = [
    "CaseResult",
    "Fault",
    "Limits",
    "Outcome",
    "Run",
    "Runner",
    "run_cases",
    "run_script",
    "runners",
]
