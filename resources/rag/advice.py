"""Checking the sentence that the model wrote. What fails is dropped; the template stands in."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from learning_assistant import ollama
from learning_assistant.ollama import Completion
from resources.models import Kind, Level

MOST_WORDS = 30
FEWEST_WORDS = 4
DIGESTS_KEPT_S = 60.0


@dataclass(frozen=True)
class Checked:
    text: str  # empty where the sentence failed
    fault: str = ""


_LINK = re.compile(r"https?:|www\.|\b[\w-]+\.(?:com|org|net|io|ai|edu|gov|dev)\b|@", re.I)
_MARKUP = re.compile(r"[<>*_`#{}|\\~^]|\]\(|&\w+;")
_ECHO = re.compile(r"\b(question|resource|learner|sentence|assistant|user|system)\s*(:|\[)", re.I)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_FIRST_SENTENCE = re.compile(r"^.*?[.!?](?=\s|$)", re.S)
# Words that name a kind or a level; said of the first resource they must be true of it.
_KIND_WORDS = {
    "paper": Kind.PAPER, "article": Kind.PAPER, "tutorial": Kind.TUTORIAL, "course": Kind.COURSE,
    "lecture": Kind.COURSE, "lectures": Kind.COURSE, "book": Kind.BOOK, "textbook": Kind.BOOK,
    "video": Kind.VIDEO, "videos": Kind.VIDEO, "documentation": Kind.DOCS,
    "dataset": Kind.DATASET, "library": Kind.TOOL,
}  # fmt: skip
_LEVEL_WORDS = {
    "beginner": Level.BEGINNER, "beginners": Level.BEGINNER, "introductory": Level.BEGINNER,
    "intermediate": Level.INTERMEDIATE, "advanced": Level.ADVANCED, "expert": Level.ADVANCED,
    "experts": Level.ADVANCED,
}  # fmt: skip


def check(completion: Completion, query: str, resources: Sequence[dict[str, Any]]) -> Checked:
    """The first sentence of *completion* with `[1]` as the title, or why it can't be shown."""
    first = resources[0]
    match = _FIRST_SENTENCE.match(completion.text.strip())
    if match is None:
        return Checked("", "not a whole sentence")
    sentence = " ".join(match[0].split()).strip("\"'“” ")
    fault = _fault(sentence, query, first)
    if fault:
        return Checked("", fault)
    return Checked(sentence.replace("[1]", f"“{first['title']}”"))


def _fault(sentence: str, query: str, first: dict[str, Any]) -> str:
    words = _WORD.findall(sentence)
    if not FEWEST_WORDS <= len(words) <= MOST_WORDS:
        return f"{len(words)} words"
    if _LINK.search(sentence):
        return "a link"
    if _MARKUP.search(sentence) or re.search(r"\[(?!1\])", sentence):
        return "markup"
    if _ECHO.search(sentence):
        return "echo of the prompt"
    if sentence.endswith("?"):
        return "a question"
    known = " ".join([query, *map(str, _given(first))])
    return _false_claim(words, first, known) or _stranger(sentence, known)


def _given(first: dict[str, Any]) -> list[Any]:
    topics = [slug.replace("-", " ") for slug in first["topics"]]
    return [first["title"], first["reason"], first["summary"], *topics, *first["authors"]]


def _false_claim(words: Sequence[str], first: dict[str, Any], known: str) -> str:
    """A kind or level that is not the resource's own and that nobody has mentioned."""
    mentioned = {word.casefold() for word in _WORD.findall(known)}
    for word in (w.casefold() for w in words):
        kind, level = _KIND_WORDS.get(word), _LEVEL_WORDS.get(word)
        if kind and kind != first["kind"] and word not in mentioned:
            return f"false kind {word}"
        if level and level != first["level"] and word not in mentioned:
            return f"false level {word}"
    return ""


def _stranger(sentence: str, known: str) -> str:
    """A name or a number that was not given: a capital inside the sentence, or a digit."""
    given = {word.casefold() for word in _WORD.findall(known)}
    for position, match in enumerate(_WORD.finditer(sentence)):
        word = match[0]
        named = (position > 0 and word[0].isupper() and word != "I") or any(map(str.isdigit, word))
        if sentence[max(match.start() - 1, 0)] == "[":
            continue  # the mark of the resource, as in [1]
        parts = {word.casefold(), word.casefold().removesuffix("'s").removesuffix("’s")}
        if named and not parts & given:
            return f"names {word}, which was not given"
    return ""


_digests: tuple[float, dict[str, str]] = (float("-inf"), {})


def digest(model: str) -> str:
    """The digest of *model*, asked for once a minute at most; empty where it can't be had."""
    global _digests
    if time.monotonic() - _digests[0] > DIGESTS_KEPT_S:
        try:
            _digests = (time.monotonic(), ollama.digests(seconds=0.2))
        except ollama.ModelUnavailable:
            return ""
    return _digests[1].get(ollama.full_name(model), "")
