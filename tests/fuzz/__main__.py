"""`make fuzz`: what `make test` tries in seconds, for as long as one likes.

First schemathesis asks every operation of a whole copy; then hypothesis tries many new examples of
every property. Whatever fails is printed with what repeats it, and ends the program with 1.
"""

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.api import PROJECT, Budget, run
from tests.stack import running_stack, until

EXAMPLES = 2_000  # an operation and phase: the minutes end it before
FILLING_S = 900.0  # while the catalogue is being embedded beside it


def main() -> int:
    """The exit code: 0 where nothing was found."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument(
        "--minutes", type=int, default=10, metavar="N", help="of requests (default: 10)"
    )
    parser.add_argument(
        "--seed", type=int, default=random.randrange(2**32), metavar="N",
        help="repeats the requests of another run; each run prints its own",
    )  # fmt: skip
    asked = parser.parse_args()
    return max(_requests(Budget(asked.seed, EXAMPLES, asked.minutes)), _properties())


def _requests(budget: Budget) -> int:
    print(f"Requests, {budget.minutes} minutes, SEED={budget.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, running_stack(Path(folder)) as copy:
        print("A fresh copy is proving its bank of exercises first", flush=True)
        until(lambda: not copy.named("manage.py", "load_bank"), FILLING_S, "the bank is loaded")
        made = copy.manage("api_key", "create", "fuzz", "--scope", "search", "--days", "1")
        report = run(copy.url, made.stdout.strip(), Path(folder), budget)
    print(report.text)
    return report.returncode


def _properties() -> int:
    files = [
        str(path)
        for path in sorted((PROJECT / "tests").rglob("test_*.py"))
        if "from hypothesis import" in path.read_text()
    ]
    print(f"Properties of {len(files)} files, {EXAMPLES} examples each", flush=True)
    command = [sys.executable, "-m", "pytest", "--hypothesis-profile=fuzz", "--timeout=3600"]
    return subprocess.run([*command, *files], cwd=PROJECT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
