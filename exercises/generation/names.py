"""Things that have a name and a sentence of their own saying what they are.

Works of the catalogue ("node2vec: Scalable Feature Learning for Networks" with its summary), and
terms that a sentence of a document defines ("Transfer learning is …").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from exercises.checking.words import plain
from exercises.generation.passages import Passage
from exercises.generation.text import (
    FEWEST_WORDS,
    GAP,
    listed,
    occurrences,
    prose,
    sentences,
    stands_alone,
    stems,
)
from resources.models import Kind

# Names of one group can stand beside each other as choices.
GROUPS = {
    Kind.PAPER: "paper", Kind.DATASET: "data set", Kind.TOOL: "software", Kind.DOCS: "software",
    "document": "term",
}  # fmt: skip
MOST_NAME_WORDS = 3
MOST_DESCRIPTION_WORDS = 60

_SURVEYS = re.compile(
    r"\b(surveys?|reviews?|reviewed|guide|guides|guidance|introduction|tutorials?|primer|overview|"
    r"perspectives?|study|essay|checklist|article|statement|course|lectures?|notes|look|cultures|"
    r"quickstart|quick start|first page|get started|getting started|learn|how|why|what|are|is|"
    r"projects?|basics|101|examples?|user|practical|cheat|questions?|ten|seven|paths?|papers|"
    r"thinking|years|book)\b",
    re.I,
)
_SUFFIX = re.compile(r"\s+(documentation|docs|datasets?|manual)$", re.I)
_DEFINES = re.compile(
    r"^(?:(?P<article>An?|The) )?(?P<name>[\w-]+(?: [\w-]+){0,2})(?: \([\w-]+\))? "
    r"(?:is|are|refers? to|means) (?:an?|the|any|how)\b.* (?:that|which|of|to|for|in which|where)\b"
)
_NO_NAMES = listed(
    "idea problem goal reason result key main first second last best most other one two way "
    "advantage disadvantage difference point trick task approach technique method example "
    "following next step output input answer question intuition motivation case function "
    "value choice model data network networks code image images people there what that which "
    "it each every these most many some all both another third fourth usual typical general "
    "common term number size set list type kind class step loss training overall intuitive "
    "simple drawback downside upside interpretation purpose concept rule prompt prompts rest"
)


@dataclass(frozen=True)
class Described:
    """A name with the words that say what it is; `____` stands where they name it themselves."""

    name: str
    group: str
    text: str
    passage: Passage


def of_work(passage: Passage) -> Described | None:
    """A work whose title begins with (or is) a name, if its summary does not give it away."""
    group = GROUPS.get(passage.kind)
    name = name_of(passage.title)
    if group is None or not name:
        return None
    said = re.sub(rf"^{re.escape(name)}( by [A-Z]\w+)?: ", "", passage.text)
    text = hidden(name, said[:1].upper() + said[1:])
    if text is None or not FEWEST_WORDS <= len(plain(text).split()) <= MOST_DESCRIPTION_WORDS:
        return None
    return Described(name, group, text, passage)


def name_of(title: str) -> str:
    """The name that *title* begins with or is; empty where it is a description."""
    head, colon, rest = title.partition(":")
    name = _SUFFIX.sub("", head.strip())
    if not 1 <= len(name.split()) <= MOST_NAME_WORDS or _SURVEYS.search(name):
        return ""
    if " and " in name or "&" in name or re.search(r"\d{4}", name):
        return ""
    if colon and _SURVEYS.search(rest) and not _looks_like_a_name(name):
        return ""
    return name


def hidden(name: str, text: str) -> str | None:
    """*text* with a gap for *name*; None where other words of it still give *name* away."""
    found = occurrences(name, text)
    if len(found) > 1:
        return None
    shown = text[: found[0].start()] + GAP + text[found[0].end() :] if found else text
    return None if stems(name) & stems(shown) or spelt_out(name, shown) else shown


def spelt_out(name: str, text: str) -> bool:
    """Whether *text* has what *name* is short for, or what is short for *name*."""
    words = re.findall(r"[^\W_]+", text)
    letters = "".join(word[0] for word in words).lower()
    short = re.sub(r"[\W\d_]", "", name).lower()
    if 3 <= len(short) <= 6 and short in letters:
        return True
    spellings = {_capitals(name), "".join(word[0] for word in name.split()).upper()}
    capitals = [_capitals(word) for word in words if word[1:] != word[1:].lower()]
    return any(
        len(initials) > 1 and found.startswith(initials)
        for initials in spellings
        for found in capitals
    )


def _capitals(name: str) -> str:
    """L, S, T and M of "Long Short-Term Memory"; T, F and R of "TensorFlow Recommenders"."""
    return "".join(
        letter for i, letter in enumerate(name) if letter.isupper() or (i and name[i - 1] in " -")
    ).upper()


def defined_in(passage: Passage) -> Iterator[tuple[str, str]]:
    """What the sentences of a chunk define: name and sentence."""
    for paragraph in prose(passage.text):
        for sentence in sentences(paragraph):
            if name := definition(sentence):
                yield name, sentence


def definition(sentence: str) -> str:
    """The name of what *sentence* defines; empty where it defines nothing, or not by itself."""
    match = _DEFINES.match(sentence)
    if not match or not stands_alone(sentence):
        return ""
    name = match["name"]
    words = name.lower().split()
    # An article inside the name would be left in front of the gap.
    fit = not _NO_NAMES & set(words) and words[0] not in ("a", "an", "the")
    return name if fit and len(occurrences(name, sentence)) == 1 else ""


def of_definition(passage: Passage) -> Described | None:
    """The first thing that a chunk defines without giving its name away."""
    for name, sentence in defined_in(passage):
        text = hidden(name, sentence)
        if text is not None:
            return Described(name, "term", text, passage)
    return None


def _looks_like_a_name(name: str) -> bool:
    """Capitals or digits where plain words have none: node2vec, LOF, U-Net, XGBoost."""
    return any(re.search(r"[a-z][A-Z]|[A-Z]{2}|\d|^[A-Z]-", word) for word in name.split())
