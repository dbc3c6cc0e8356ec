"""The words that grading knows, read from wordlists.toml."""

import tomllib
from pathlib import Path

_LISTS: dict[str, str] = tomllib.loads(
    Path(__file__).with_name("wordlists.toml").read_text(encoding="utf-8")
)


def _words(name: str) -> frozenset[str]:
    return frozenset(_LISTS[name].split())


def _pairs(name: str) -> dict[str, str]:
    return {pair[0]: pair[2] for pair in (p.partition("=") for p in _LISTS[name].split())}


FUNCTION = _words("function")
TELLING = _words("telling")
VERBS = _words("verbs")
ADJECTIVES = _words("adjectives")
OPENERS = _words("openers")
AUXILIARIES = _words("auxiliaries")
DETERMINERS = _words("determiners")
OPENING = _words("opening")
RELATIVE = _words("relative")
PRONOUNS = _words("pronouns")
NOUNS = _words("nouns")
WEAK = _words("weak")
NUMBERS = _pairs("numbers")
GREEK = _pairs("greek")
LOOKALIKES = dict(zip(_LISTS["lookalikes"][::2], _LISTS["lookalikes"][1::2], strict=True))

# Both ends of each scale.
SCALES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = tuple(
    (tuple(line.partition("|")[0].split()), tuple(line.partition("|")[2].split()))
    for line in _LISTS["scales"].strip().splitlines()
)
IRREGULAR: dict[str, str] = {
    form: line.partition(":")[0]
    for line in _LISTS["irregular"].strip().splitlines()
    for form in line.partition(":")[2].split()
}
