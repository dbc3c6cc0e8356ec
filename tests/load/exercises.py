"""`make bench-exercises`: what the models in use make of this catalogue; writes JSON.

make bench-exercises                 up to 200 exercises of all types that can be made
make bench-exercises COUNT=20        fewer
make bench-exercises TYPE=coding     one type

A DATA_DIR that has no tables yet is filled first, with the starter catalogue, as `make run` does.
Nothing else is stored: it runs `generate_exercises --dry-run` on the catalogue, the documents and
the exercises of DATA_DIR, with CHAT_MODEL and EMBED_MODEL as they are set. "seconds" are those from
one exercise to the next, with the passages in between that gave none.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

MANAGE = (sys.executable, "manage.py")
PROJECT = Path(__file__).resolve().parent.parent.parent
ROW = "{:<16} {:<14} {:>8} {:>6} {:>7} {:>10} {:>8} {:>9}\n"
HEAD = ("type", "by", "passages", "made", "proven", "published", "refused", "s a piece")
KEPT = ("proven", "published")


def fill() -> None:
    """Give an empty database its tables and the starter catalogue."""
    looked = subprocess.run(
        [*MANAGE, "migrate", "--check"], cwd=PROJECT, check=False, stdout=subprocess.DEVNULL
    )
    if not looked.returncode:
        return
    print("Filling DATA_DIR first; this takes some minutes", flush=True)
    for command in (["migrate", "--verbosity", "0"], ["load_catalogue", "--starter", "--wait"]):
        subprocess.run([*MANAGE, *command], cwd=PROJECT, check=True)


def lines(count: int, type_: str) -> list[dict[str, Any]]:
    """What the command tells of each passage."""
    command = [*MANAGE, "generate_exercises", "--dry-run", "--json", "--count", str(count)]
    command += ["--type", type_] if type_ else []
    run = subprocess.run(command, cwd=PROJECT, text=True, stdout=subprocess.PIPE, check=False)
    if run.returncode:
        sys.exit(run.returncode)
    return [json.loads(line) for line in run.stdout.splitlines()]


def figures(told: list[dict[str, Any]]) -> dict[str, Any]:
    """Of one type by one maker. Made: it came to a proof, or its model to an answer."""
    outcomes = Counter(line["outcome"] for line in told)
    kept = sum(outcomes[outcome] for outcome in KEPT)
    seconds = sum(line["seconds"] for line in told)
    return {
        "passages": len(told),
        "made": kept + outcomes["refused"],
        "proven": kept,
        "published": outcomes["published"],
        "refused": outcomes["refused"],
        "seconds_each": round(seconds / kept, 2) if kept else None,
        "reasons": dict(Counter(line["reason"] for line in told if line["reason"]).most_common()),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-exercises", description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--type", default="")
    parser.add_argument("--json", type=Path, default=Path("bench-exercises.json"))
    options = parser.parse_args()
    fill()
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for line in lines(options.count, options.type):
        groups[line["type"], line["by"]].append(line)
    sys.stdout.write(ROW.format(*HEAD))
    found = []
    for (type_, by), told in sorted(groups.items()):
        row = figures(told)
        found.append({"type": type_, "by": by} | row)
        shown = [row[k] for k in ("passages", "made", "proven", "published", "refused")]
        sys.stdout.write(ROW.format(type_, by, *shown, row["seconds_each"] or "-"))
        for reason, n in row["reasons"].items():
            sys.stdout.write(f"{n:>12}  {reason}\n")
    models = {name: os.environ.get(name) for name in ("CHAT_MODEL", "EMBED_MODEL")}
    options.json.write_text(json.dumps({"models": models, "runs": found}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
