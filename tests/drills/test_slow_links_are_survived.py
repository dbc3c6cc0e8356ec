"""Half a second more on a link, nothing through it, or no link at all: the answers come in time."""

import pytest

from tests.drills.drilling import MODEL_HEALS, Drill, Expected

pytestmark = pytest.mark.drill
SLOW_S = 0.5
EXPECTED = {
    "database": Expected(refuses=True),
    "broker": Expected(frozenset({"queue"}), settles_s=1.0),
    "model": Expected(frozenset({"embedding"}), settles_s=1.0, heals=MODEL_HEALS),
}
LINKS = pytest.mark.parametrize("link", list(EXPECTED))


@LINKS
def test_half_a_second_more(drill: Drill, link: str) -> None:
    assert drill.links
    links = drill.links
    drill.run(
        f"link to the {link}: +500 ms", lambda: links.slow(link, SLOW_S), EXPECTED[link], during_s=6
    )


@LINKS
def test_bytes_that_go_nowhere(drill: Drill, link: str) -> None:
    assert drill.links
    links = drill.links
    drill.run(f"link to the {link}: silent", lambda: links.silent(link), EXPECTED[link], during_s=5)


@LINKS
def test_connections_that_are_reset(drill: Drill, link: str) -> None:
    assert drill.links
    links = drill.links
    drill.run(f"link to the {link}: cut", lambda: links.cut(link), EXPECTED[link], during_s=4)
