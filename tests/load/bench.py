"""`make bench`: a closed loop of users against a whole running copy; prints, writes JSON and SVG.

make bench                                  1 and 10 users, 20 s each, no think time
make bench USERS="1 5 10 25 50 100" THINK="0 5" SECONDS=30
make bench GPU=best                         the model on a simulated card, at its better curve
make bench ARGS="--set WEB_THREADS=110"     with another setting

Each line of the table is one pass of so many users, who ask, wait, think and ask again:
  ours, fresh      questions, none of which comes twice, and exercises with their answers
  ours, repeated   questions that were asked in the pass before, as caches are made for
  naive, fresh     the specification's shape on the same model: a web process that calls it for each
                   request and waits; all that it says are the model's words
  ours, no model   the embedded model server is killed: resources by words alone
"advice" is the share of answers with the model's own sentence, "degraded" of those that say that a
part was missing, "< 3" answers with fewer than three resources (which must be 0). Below the table
stand the stages of a question, CPU seconds by process ("others": not ours) and memory (PSS).
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from learning_assistant.embedded.services import Service, endpoints
from tests.load import gpu
from tests.load.card import CARDS
from tests.load.driver import NAIVE_TYPES, QUESTIONS, Plan, Run, load
from tests.load.measuring import Meter, memory, shown
from tests.load.naive import naive_web
from tests.load.plot import svg
from tests.load.practice import KEYS
from tests.load.queries import questions
from tests.stack import PROJECT, Stack, free_port, running_stack

ROW = "{:<6} {:<9} {:>5} {:>6} {:>8} {:>7} {:>8} {:>8} {:>8} {:>7} {:>7} {:>9} {:>5}\n"
HEAD = ("who", "pass", "users", "think", "answers", "per s", "p50 ms", "p95 ms", "p99 ms")
HEAD += ("errors", "advice", "degraded", "< 3")
PATIENCE_S = {"ours": 10.0, "naive": 30.0}  # a wait for the model is what the naive shape is
REPEATED = 200  # questions that the second pass goes round
SLOTS = 10  # of the simulated card: as many as there are users in the specification
BANK_WITHIN_S = 900.0


@dataclass
class Bench:
    """A copy under measurement, and what came of it so far."""

    stack: Stack
    options: argparse.Namespace
    ollama_host: str
    chat_model: str
    others: dict[str, int]  # processes beside the copy, by name
    keys: dict[str, Any] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)

    def prepare(self) -> None:
        """Until nothing works behind the learners' backs any more, and all is warm."""
        self.stack.manage("load_catalogue", "--starter", "--keep", "--wait", timeout=BANK_WITHIN_S)
        ends = time.monotonic() + BANK_WITHIN_S
        while self.stack.named("manage.py", "load_bank") and time.monotonic() < ends:
            time.sleep(0.5)
        self.keys = self.stack.sql(KEYS) or {}

    def ours(self, users: int, think: float, pass_: str, supply: Iterator[str]) -> Run:
        plan = self._plan(self.stack.url, users, think, "ours", keys=self.keys)
        meter = Meter(self.stack, self._others())
        run = load(plan, supply)
        self._keep("ours", pass_, plan, run, meter.read(run))
        return run

    def naive(self, users: int, think: float, supply: Iterator[str]) -> None:
        threads = self.options.naive_threads
        with naive_web(self.ollama_host, self.chat_model, threads) as (url, pid):
            plan = self._plan(url, users, think, "naive", types=NAIVE_TYPES)
            meter = Meter(self.stack, self._others() | {"naive web": pid})
            run = load(plan, supply)
            self._keep("naive", "fresh", plan, run, {"cpu_s": shown(meter.used())})

    def _others(self) -> dict[str, int]:
        return self.others | {"load driver": os.getpid()}

    def _plan(self, url: str, users: int, think: float, who: str, **more: Any) -> Plan:
        asked = self.options.questions
        return Plan(
            url, users, self.options.seconds, think, PATIENCE_S[who], questions=asked, **more
        )

    def _keep(self, who: str, pass_: str, plan: Plan, run: Run, read: dict[str, Any]) -> None:
        head = {"who": who, "pass": pass_, "users": plan.users, "think_s": plan.think_s}
        self.runs.append(head | run.figures() | read)
        _show(self.runs[-1])


def ratios(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ours by the naive shape, of answers a second: of all, and of those with the model's words.

    None where the naive shape has not answered once.
    """
    fresh = {(r["who"], r["users"], r["think_s"]): r for r in runs if r["pass"] == "fresh"}
    told = []
    for (who, users, think), naive in fresh.items():
        ours = fresh.get(("ours", users, think))
        if who != "naive" or ours is None:
            continue
        rates = [(r["per_second"], r["per_second"] * r["share_with_advice"]) for r in (ours, naive)]
        told.append(
            {
                "users": users,
                "think_s": think,
                "all_answers": _ratio(rates[0][0], rates[1][0]),
                "with_the_models_words": _ratio(rates[0][1], rates[1][1]),
            }
        )
    return told


def _ratio(ours: float, naive: float) -> float | None:
    return round(ours / naive, 2) if naive else None


def _show(run: dict[str, Any]) -> None:
    sys.stdout.write(
        ROW.format(
            *(run[k] for k in ("who", "pass", "users")), f"{run['think_s']:g} s", run["answers"],
            run["per_second"], *(f"{run[k]:.0f}" for k in ("p50_ms", "p95_ms", "p99_ms")),
            sum(run["errors"].values()), f"{run['share_with_advice']:.0%}",
            f"{run['share_degraded']:.0%}", run["fewer_than_three"],
        )
    )  # fmt: skip
    sys.stdout.flush()


def _show_more(bench: Bench, sizes: dict[str, float]) -> None:
    write = sys.stdout.write
    for run in bench.runs:
        if run["who"] == "naive" or run["pass"] == "repeated":
            continue
        write(f"\n{run['users']} users, {run['think_s']:g} s between, {run['pass']}: ")
        write("p50/p95/p99 in ms\n")
        for name, cuts in (run["practice"] | run["stages"]).items():
            write(f"  {name:<26}" + "".join(f"{cuts[f'p{n}_ms']:>9.0f}" for n in (50, 95, 99)))
            write("\n")
        write(f"  our own CPU {run['own_cpu_ms']} ms an answer; of the wait {run['own_ms']} ms our")
        write(f" own, {run['sql_ms']} ms SQL\n  CPU s: ")
        write(", ".join(f"{part} {seconds}" for part, seconds in run["cpu_s"].items()) + "\n")
        for wrong, count in run["errors"].items():
            write(f"  {count} × {wrong}\n")
    write("\nours by the naive shape, answers a second: all, those with the model's words\n")
    for each in ratios(bench.runs):
        both = (each["all_answers"], each["with_the_models_words"])
        shown = "".join(f"{'—' if ratio is None else ratio:>9}" for ratio in both)
        write(f"{each['users']:>5} users, {each['think_s']:g} s between{shown}\n")
    write("\nmemory (PSS)\n")
    for part, size in sizes.items():
        write(f"{size:>8.1f} MB  {part}\n")
    write(f"{sum(sizes.values()):>8.1f} MB  all\n")


@contextmanager
def simulated(curve: str, slots: int, folder: Path) -> Iterator[tuple[str, int]]:
    """A simulated card as a process of its own, and an embedded model server for its vectors."""
    port = free_port()
    command = [sys.executable, "-m", "tests.load.gpu", "--curve", curve, "--parallel", str(slots)]
    env = os.environ | {"DATA_DIR": str(folder / "card")}
    process = subprocess.Popen([*command, "--port", str(port)], cwd=PROJECT, env=env)
    url = f"http://127.0.0.1:{port}"
    try:
        ends = time.monotonic() + 60
        while not _answers(f"{url}/api/version"):
            if process.poll() is not None or time.monotonic() > ends:
                raise AssertionError("the simulated card did not start")
            time.sleep(0.1)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


@contextmanager
def started(options: argparse.Namespace) -> Iterator[Bench]:
    """The copy that *options* ask for."""
    variables = dict(pair.split("=", 1) for pair in options.set)
    others: dict[str, int] = {}
    with ExitStack() as exits:
        folder = options.keep
        if folder is None:
            folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="la-")))
        folder.mkdir(parents=True, exist_ok=True)
        if options.gpu:
            url, others["simulated card"] = exits.enter_context(
                simulated(options.gpu, options.slots, folder)
            )
            on_card = {"OLLAMA_HOST": url, "CHAT_MODEL": gpu.MODEL}
            variables = on_card | {"MODEL_SLOTS": str(options.slots)} | variables
        stack = exits.enter_context(running_stack(folder, **variables))
        host = stack.env.get("OLLAMA_HOST") or endpoints(stack.data_dir).ollama_host
        model = stack.env.get("CHAT_MODEL", "smollm2:135m")
        yield Bench(stack, options, host, model, others)


def measure(bench: Bench) -> None:
    """All passes: ours first, since the naive shape leaves calls of the model behind."""
    fresh, options = questions(), bench.options
    loads = list(itertools.product(options.think, options.users))
    load(Plan(bench.stack.url, 2, 3.0, keys=bench.keys), fresh)  # warm: connections, pages
    sys.stdout.write(ROW.format(*HEAD))
    for think, users in loads:
        run = bench.ours(users, think, "fresh", fresh)
        if options.repeats:
            again = itertools.cycle(run.asked[:REPEATED] or ["how do transformers work?"])
            bench.ours(users, think, "repeated", again)
    for think, users in loads if options.naive else ():
        bench.naive(users, think, fresh)
    if options.no_model:
        with bench.stack.without(Service.INFERENCE):
            for think, users in loads:
                bench.ours(users, think, "no model", fresh)


def _arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench ARGS=…", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add: Callable[..., Any] = parser.add_argument
    add("--users", type=int, nargs="+", default=[1, 10])
    add("--think", type=float, nargs="+", default=[0.0], help="seconds between a user's requests")
    add("--seconds", type=float, default=20)
    add("--gpu", choices=("best", "worst"), help="simulate a card, at one of its two curves")
    add("--slots", type=int, default=SLOTS, help="answers that the simulated card writes at once")
    add("--questions", type=float, default=QUESTIONS, help="share of turns that are no exercise")
    add("--set", nargs="+", default=[], metavar="NAME=VALUE", help="settings of the copy")
    add("--naive-threads", type=int, default=24, help="of the naive shape's web process")
    add("--no-naive", dest="naive", action="store_false", help="without the naive shape")
    add("--no-repeats", dest="repeats", action="store_false", help="without the second pass")
    add("--no-model", action="store_true", help="a last pass with the model server killed")
    add("--keep", type=Path, help="folder of a copy that stays for the next time; a short path")
    add("--json", type=Path, default=Path("bench.json"))
    add("--svg", type=Path, default=Path("bench.svg"))
    given = parser.parse_args(arguments)
    if given.no_model and given.gpu:
        parser.error("--no-model kills the embedded model server: leave out --gpu")
    return given


def main(arguments: list[str] | None = None) -> int:
    options = _arguments(arguments)
    with started(options) as bench:
        bench.prepare()
        measure(bench)
        sizes = memory(bench.stack, bench.others)
    _show_more(bench, sizes)
    model = f"{CARDS['rtx5060ti'].title}, simulated, {options.gpu} curve" if options.gpu else ""
    told = {
        "model": model or bench.chat_model,
        "cores": len(os.sched_getaffinity(0)),
        "ratios": ratios(bench.runs),
        "runs": bench.runs,
        "memory_mb": sizes,
    }
    options.json.write_text(json.dumps(told, indent=2) + "\n")
    options.svg.write_text(svg(bench.runs, f"{told['model']}, {told['cores']} cores"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
