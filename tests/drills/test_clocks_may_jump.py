"""An hour more or less on one host's clock, or on the broker's: answers stay whole, or soon are.

Deadlines are kept by monotonic clocks and the broker's.
"""

import pytest

from tests.drills.drilling import Drill, Expected

pytestmark = pytest.mark.drill
HOUR = 3600.0
SIGN = pytest.mark.parametrize("seconds", [HOUR, -HOUR], ids=["ahead", "behind"])


@SIGN
@pytest.mark.parametrize("program", ["web", "interactive", "durable"])
def test_the_clock_of_one_host(drill: Drill, program: str, seconds: float) -> None:
    """Nobody notices: while it is wrong, answers are as whole as before."""
    load = drill.run(
        f"clock of {program}: {seconds / HOUR:+.0f} h",
        lambda: drill.clock(program, seconds),
        Expected(),
        during_s=5,
    )
    asked = [s for s in load.seen if s.what == "resources"]
    assert sum("queue" in s.missing for s in asked) <= len(asked) / 10


@SIGN
def test_the_clock_of_the_broker(drill: Drill, seconds: float) -> None:
    """Web and worker measure it anew at different times: between them deadlines are wrong."""
    assert drill.links
    links = drill.links
    drill.run(
        f"clock of the broker: {seconds / HOUR:+.0f} h",
        lambda: links.skewed("broker", seconds),
        Expected(),
        during_s=12,
    )
