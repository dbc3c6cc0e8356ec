"""Garbage, nothing, no end, errors: whatever a model server says, learners get their resources.

The server in front of the embedded one answers oddly on one path and passes everything else on.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from learning_assistant.embedded.paths import Paths
from tests.drills.drilling import MODEL_HEALS, Drill, Expected
from tests.scripted import Script, scripted_server

pytestmark = pytest.mark.drill
Odd = Callable[[Script], None]


def says(**values: object) -> Odd:
    def change(script: Script) -> None:
        for name, value in values.items():
            assert hasattr(script, name)
            setattr(script, name, value)

    return change


ANY = {
    "garbage": says(body=b"\x00\xff{ not json"),
    "nothing": says(body=b""),
    "wrong schema": says(body=b'{"message": [], "embeddings": {"a": 1}, "done": "x"}'),
    "HTTP 500": says(status=500),
    "HTTP 503": says(status=503),
    "reset": says(reset=True),
    "reset in mid-answer": says(reset_after=20),
    "no answer": says(never=True),
    "no end": says(endless=True),
    "byte by byte": says(drip_s=0.05),
}
CHAT = {
    "empty sentence": says(sentence=""),
    "markup and links": says(sentence="<script>x</script> [9] https://evil.example " * 20),
}
EMBED = {
    "too few vectors": says(missing_vectors=1),
    "wrong width": says(width=7),
    "no numbers": says(body=b'{"model": "all-minilm", "embeddings": [[NaN, Infinity]]}'),
}
# An answer that is there but no good is no outage: the template stands in.
NO_OUTAGE = CHAT.keys()
CASES = [("chat", odd) for odd in ANY | CHAT] + [("embed", odd) for odd in ANY | EMBED]


@contextmanager
def odd_server(drill: Drill, path: str, odd: Odd) -> Iterator[None]:
    assert drill.links
    with scripted_server() as script:
        script.behind = str(Paths.of(drill.stack.services_dir).inference_socket)
        script.only = f"/api/{path}"
        odd(script)
        with drill.links.to("model", script.url.removeprefix("http://")):
            yield
            asked = [p for p in script.paths() if p == script.only]
        assert asked, "the model was asked"


@pytest.mark.parametrize(("path", "odd"), CASES, ids=[f"{p}: {o}" for p, o in CASES])
def test_odd(drill: Drill, path: str, odd: str) -> None:
    part = {"chat": "model", "embed": "embedding"}[path]
    missing = set() if odd in NO_OUTAGE else {part}
    change = (ANY | CHAT | EMBED)[odd]
    load = drill.run(
        f"{path}: {odd}",
        lambda: odd_server(drill, path, change),
        Expected(frozenset(missing), settles_s=0.5, heals=MODEL_HEALS),
    )
    assert not [s for s in load.seen if "evil" in str(s.body)]
