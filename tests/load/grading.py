"""`make bench-grading`: how well scores agree with human marks; writes JSON.

make bench-grading                  the project's own judged answers
make bench-grading FILE=marks.jsonl lines with "question", "reference", "answer", "score" (or
                                    "mark") and "max" (5 where it is missing)

Of the project's own answers every second question was kept out when the weights were chosen; the
table shows that half by itself. The second figure is what the scorer gives to the same answers once
each is turned into its opposite (`exercises.grading.negating`).
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "learning_assistant.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")

import django

django.setup()

from django.conf import settings  # noqa: E402

from exercises.grading import similarity  # noqa: E402
from exercises.grading.negating import negated  # noqa: E402
from learning_assistant.embedded.services import lease  # noqa: E402

OWN = Path(__file__).resolve().parent.parent / "exercises" / "short_answers.jsonl"
GOOD = 0.6  # answers with at least so much of the marks are worth turning round
Line = dict[str, Any]


def read(path: Path) -> list[Line]:
    """The lines of *path*. Raises `ValueError` with the line's number and the key."""
    lines = []
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not raw.strip():
            continue
        line = json.loads(raw)
        for key in ("question", "reference", "answer"):
            if not isinstance(line.get(key), str):
                raise ValueError(f"{path}, line {number}: {key!r} is missing or no text")
        mark = line.get("score", line.get("mark"))
        if not isinstance(mark, int | float):
            raise ValueError(f'{path}, line {number}: "score" (or "mark") is missing or no number')
        lines.append({**line, "human": mark / float(line.get("max", 5)), "max": line.get("max", 5)})
    return lines


def pearson(one: Sequence[float], other: Sequence[float]) -> float:
    n = len(one)
    a, b = math.fsum(one) / n, math.fsum(other) / n
    top = math.fsum((x - a) * (y - b) for x, y in zip(one, other, strict=True))
    spread = math.fsum((x - a) ** 2 for x in one) * math.fsum((y - b) ** 2 for y in other)
    return top / math.sqrt(spread) if spread else 0.0


def ranks(values: Sequence[float]) -> list[float]:
    """The place of each value; equal ones share the mean of theirs."""
    places = [(sorted(values).index(v), sum(v == w for w in values)) for v in values]
    return [first + (count - 1) / 2 for first, count in places]


def rmse(one: Sequence[float], other: Sequence[float]) -> float:
    return math.sqrt(math.fsum((x - y) ** 2 for x, y in zip(one, other, strict=True)) / len(one))


def agreement(lines: Sequence[Line]) -> dict[str, float]:
    human, ours = [x["human"] for x in lines], [x["ours"] for x in lines]
    return {
        "answers": len(lines),
        "pearson": round(pearson(human, ours), 3),
        "spearman": round(pearson(ranks(human), ranks(ours)), 3),
        "rmse": round(rmse(human, ours), 3),
    }


def turned_round(lines: Sequence[Line]) -> dict[str, float]:
    """Mean score of good answers before and after they are turned into their opposite."""
    before, after = [], []
    for line in lines:
        if line["human"] < GOOD:
            continue
        for reading in negated(line["answer"]):
            found = similarity.score(line["question"], line["reference"], reading)
            before.append(line["ours"])
            after.append(found.share)
    return {
        "readings": len(after),
        "before": round(math.fsum(before) / max(len(before), 1), 3),
        "after": round(math.fsum(after) / max(len(after), 1), 3),
    }


def measure(lines: list[Line], own: bool, say: Callable[[str], object]) -> dict[str, Any]:
    for line in lines:
        found = similarity.score(line["question"], line["reference"], line["answer"])
        line["ours"], line["by"] = found.share, found.by
    report: dict[str, Any] = {"by": sorted({line["by"] for line in lines})}
    report["all"] = agreement(lines)
    if own:
        questions = list(dict.fromkeys(line["question"] for line in lines))
        kept_out = set(questions[1::2])
        report["kept out"] = agreement([x for x in lines if x["question"] in kept_out])
        contrary = [x for x in lines if x["human"] > 0]
        report["without wrong ones"] = agreement(contrary)
    report["negated"] = turned_round(lines)
    say(f"{'':20}{'answers':>9}{'Pearson':>9}{'Spearman':>10}{'RMSE':>7}")
    for name, row in report.items():
        if isinstance(row, dict) and "pearson" in row:
            say(
                f"{name:20}{row['answers']:9}{row['pearson']:9.3f}{row['spearman']:10.3f}"
                f"{row['rmse']:7.3f}"
            )
    turned = report["negated"]
    say(
        f"negated: {turned['readings']} readings of good answers, mean score "
        f"{turned['before']:.3f} before, {turned['after']:.3f} after"
    )
    return report


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-grading", description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=OWN)
    parser.add_argument("--json", type=Path, default=Path("bench-grading.json"))
    options = parser.parse_args()
    try:
        lines = read(options.file)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    if len(lines) < 2:
        parser.error(f"{options.file}: {len(lines)} lines; two are needed at least")
    with lease(settings.DATA_DIR, settings.EMBEDDED_SERVICES):
        report = measure(lines, options.file == OWN, lambda line: sys.stdout.write(line + "\n"))
    options.json.write_text(json.dumps({"file": str(options.file), **report}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
