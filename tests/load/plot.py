"""A plot of the benchmark as SVG: how long answers take, and how many carry the model's words."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT = 860, 360
PANEL, TOP, BOTTOM = 330, 50, 290  # width of a panel; its upper and lower edge
COLOURS = {"ours": "#2563eb", "naive": "#c2410c"}
SHADES = {"p50_ms": "5 4", "p95_ms": "", "p99_ms": "1 4"}
TICKS_MS = (10, 30, 100, 300, 1000, 3000, 10_000, 30_000)
DUE_MS = 2000  # what the specification allows for 95 % of the answers

Record = Mapping[str, Any]


def svg(runs: Sequence[Record], title: str) -> str:
    """The plot of *runs* (those of `bench.json`), a standalone document.

    Shows the fresh questions; of several think times, the shortest.
    """
    shown = [run for run in runs if run["pass"] == "fresh"]
    shortest = min((run["think_s"] for run in shown), default=0.0)
    shown = [run for run in shown if run["think_s"] == shortest]
    users = sorted({run["users"] for run in shown})
    left, right = 70, 70 + PANEL + 90
    body = [
        f'<text x="{left}" y="22" font-size="15">{escape(title)}</text>',
        *_axis(left, "until an answer is there, ms", users, _heights(), TICKS_MS),
        *_axis(right, "answers a second with the model's words", users, _rates(shown), ()),
        f'<line x1="{left}" x2="{left + PANEL}" y1="{_heights()(DUE_MS):.1f}" '
        f'y2="{_heights()(DUE_MS):.1f}" stroke="#888" stroke-dasharray="2 3"/>',
    ]
    for who, colour in COLOURS.items():
        mine = sorted((run for run in shown if run["who"] == who), key=lambda run: run["users"])
        for key, dashes in SHADES.items():
            points = [(users.index(r["users"]), r[key]) for r in mine if r[key]]
            body += _line(left, len(users), points, _heights(), colour, dashes)
        points = [(users.index(r["users"]), _worded(r)) for r in mine]
        body += _line(right, len(users), points, _rates(shown), colour, "")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12" fill="#222">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>{"".join([*body, *_legend(left)])}'
        "</svg>\n"
    )


def _worded(run: Record) -> float:
    return float(run["per_second"] * run["share_with_advice"])


class _Scale:
    """From a value to its height in the panel; logarithmic where *low* is above 0."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def __call__(self, value: float) -> float:
        if self.low:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = value / self.high
        return BOTTOM - (BOTTOM - TOP) * min(share, 1.0)


def _heights() -> _Scale:
    return _Scale(TICKS_MS[0], TICKS_MS[-1])


def _rates(shown: Sequence[Record]) -> _Scale:
    return _Scale(0.0, max([_worded(run) for run in shown] + [0.1]) * 1.1)


def _place(left: int, count: int, index: int) -> float:
    return left + PANEL * (index + 0.5) / max(count, 1)


def _axis(
    left: int, title: str, users: Sequence[int], scale: _Scale, ticks: Sequence[int]
) -> list[str]:
    marks = ticks or [round(scale.high * n / 4, 1) for n in range(5)]
    drawn = [
        f'<text x="{left}" y="{TOP - 10}">{escape(title)}</text>',
        f'<path d="M{left} {TOP}V{BOTTOM}H{left + PANEL}" fill="none" stroke="#222"/>',
        f'<text x="{left + PANEL / 2}" y="{BOTTOM + 34}" text-anchor="middle">users</text>',
    ]
    for mark in marks:
        y = scale(mark)
        drawn.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{mark:g}</text>')
        drawn.append(f'<path d="M{left - 4} {y:.1f}H{left}" stroke="#222"/>')
    for index, count in enumerate(users):
        x = _place(left, len(users), index)
        drawn.append(f'<text x="{x:.1f}" y="{BOTTOM + 17}" text-anchor="middle">{count}</text>')
    return drawn


def _line(
    left: int,
    count: int,
    points: Sequence[tuple[int, float]],
    scale: _Scale,
    colour: str,
    dashes: str,
) -> list[str]:
    if not points:
        return []
    at = [(_place(left, count, index), scale(value)) for index, value in points]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in at)
    drawn = [
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dashes}"/>'
    ]
    drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in at]
    return drawn


def _legend(left: int) -> list[str]:
    drawn, x = [], left
    for who, colour in COLOURS.items():
        drawn.append(f'<rect x="{x}" y="{HEIGHT - 22}" width="12" height="12" fill="{colour}"/>')
        drawn.append(f'<text x="{x + 18}" y="{HEIGHT - 12}">{who}</text>')
        x += 90
    drawn.append(
        f'<text x="{x}" y="{HEIGHT - 12}">p95 solid, p50 dashed, p99 dotted; '
        "the grey line is due at 2 s</text>"
    )
    return drawn
