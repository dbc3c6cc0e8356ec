"""Checking the sentence that the model wrote. What fails is dropped; the template stands in."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from learning_assistant.ollama import Completion
from resources import prompts
from resources.models import Kind, Level

FEWEST_WORDS, MOST_WORDS = 4, 30
# Words that were not given, beside those of the sentence's frame; one may be a synonym.
MOST_NEW_WORDS = 1
STEM = 5  # letters by which "explains" and "explained" are the same word


@dataclass(frozen=True)
class Checked:
    text: str  # empty where the sentence failed
    fault: str = ""

    @property
    def why(self) -> str:
        """The kind of fault, of a few."""
        return next((why for why, said in _FAULTS if said.match(self.fault)), "other")


_FAULTS = [
    (why, re.compile(said))
    for why, said in (
        ("unfinished", "not a whole|cut off"),
        ("length", r"\d+ words"),
        ("link", "a link"),
        ("form", "markup|echo|a question|a character"),
        ("false claim", "false "),
        ("not given", "names |speaks of |.* is from an example"),
    )
]


_LINK = re.compile(r"https?:|www\.|@", re.I)
# Whatever has a dot inside may be a host, unless the catalogue says it ("fast.ai").
_DOTTED = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}")
_MARKUP = re.compile(r"[<>*_`#{}|\\~^]|\]\(|&\w+;|\[(?!1\])|(?<!\[1)\]")
_ECHO = re.compile(r"\b(question|resource|sentence|assistant|user|system)\s*(:|\[)", re.I)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_FIRST_SENTENCE = re.compile(r"^.*?[.!?](?=\s|$)", re.S)
# Words that name a kind or a level; where nobody has mentioned them they must be true.
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
# What a sentence of advice is built with, whatever it is about.
_FRAME_LINES = (
    "about after answer answers basics because before begin concept concepts covers describe",
    "describes easy explain explains explained first from gives good great help helps here how",
    "into introduces it's know learn learner learners learning like main make makes more need",
    "needs only over people read reader readers shows simple start starts step teach teaches tell",
    "tells than that their them then there these this those through understand use used useful",
    "uses using very want wants well what when where which while who why will with without work",
    "works would your you you're",
)
_FRAME = frozenset(word for line in _FRAME_LINES for word in line.split())


def checked_beginning(text: str, query: str, first: dict[str, Any]) -> str:
    """The whole words of *text*, the beginning of a sentence, in which nothing is wrong so far.

    Empty where something is. What `check` says of the whole sentence may still be different.
    """
    text = text.lstrip("\"'“” \n")
    match = _FIRST_SENTENCE.match(text)
    words = match[0] if match else text.rpartition(" ")[0]
    words = " ".join(words.split())
    wrong = _LINK.search(words) or _MARKUP.search(words) or _ECHO.search(words)
    if wrong or _claim_fault(words, first) or _content_fault(words, _given(query, first)):
        return ""
    return _titled(words, first)


def _titled(sentence: str, first: dict[str, Any]) -> str:
    return sentence.replace("[1]", f"“{first['title']}”")


def check(completion: Completion, query: str, first: dict[str, Any]) -> Checked:
    """The first sentence of *completion* with `[1]` as the title, or why it can't be shown."""
    match = _FIRST_SENTENCE.match(completion.text.strip("\"'“” \n"))
    if match is None:
        return Checked("", "not a whole sentence")
    sentence = " ".join(match[0].split())
    fault = (
        _form_fault(sentence)
        or _claim_fault(sentence, first)
        or _content_fault(sentence, _given(query, first))
    )
    if fault:
        return Checked("", fault)
    return Checked(_titled(sentence, first))


def _form_fault(sentence: str) -> str:
    """What is wrong with the sentence whatever it speaks of."""
    words = len(_WORD.findall(sentence))
    if not FEWEST_WORDS <= words <= MOST_WORDS:
        return f"{words} words"
    if any(unicodedata.category(c).startswith("C") for c in sentence):
        return "a character that is not to be seen"  # NUL, which can't be stored; turned text
    if _LINK.search(sentence):
        return "a link"
    if _MARKUP.search(sentence):
        return "markup"
    if _ECHO.search(sentence):
        return "echo of the prompt"
    if re.search(r"\b(vs|e\.g|i\.e|etc|cf|al|Dr|Prof|No|Fig)\.$", sentence):
        return "cut off at an abbreviation"
    return "a question" if sentence.endswith("?") else ""


def _claim_fault(sentence: str, first: dict[str, Any]) -> str:
    """A host, or a kind or level not the resource's own: only the catalogue can make it true."""
    texts = (first["title"], first["reason"], first["summary"])
    if any(name.casefold() not in " ".join(texts).casefold() for name in _DOTTED.findall(sentence)):
        return "a link"
    curated = _words(*texts)
    for word in _words(sentence) - curated:
        if _is_false(_KIND_WORDS.get(word), first["kind"]):
            return f"false kind {word}"
        if _is_false(_LEVEL_WORDS.get(word), first["level"]):
            return f"false level {word}"
    return ""


def _words(*texts: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(" ".join(texts))}


def _given(query: str, first: dict[str, Any]) -> frozenset[str]:
    """Every word that the learner or the catalogue used, as written and as a stem."""
    topics = [slug.replace("-", " ") for slug in first["topics"]]
    parts = [query, first["title"], first["reason"], first["summary"], *topics, *first["authors"]]
    words = _words(*parts)
    words |= {_owner(word) for word in words}
    return frozenset(words | {piece for w in words for piece in w.split("-")} | _stems(words))


def _owner(word: str) -> str:
    """*word* without the 's of a possessive."""
    return re.sub(r"['’]s$", "", word)


def _stems(words: Iterable[str]) -> set[str]:
    return {word[:STEM] + "…" for word in words if len(word) >= STEM}


def _content_fault(sentence: str, given: frozenset[str]) -> str:
    """A name or a number that was not given, or too much else that is new."""
    new: list[str] = []
    for position, match in enumerate(_WORD.finditer(sentence)):
        if sentence[max(match.start() - 1, 0)] == "[":
            continue  # the mark [1]
        word = _owner(match[0])
        low = word.casefold()
        if low in given or low in _FRAME:
            continue
        if low in _KIND_WORDS or low in _LEVEL_WORDS:
            continue
        if any(map(str.isdigit, word)) or (position > 0 and word[0].isupper() and word != "I"):
            return f"names {word}, which was not given"
        if low in _FROM_EXAMPLES:
            return f"{word} is from an example of the prompt"
        if len(word) >= 4 and not _stems([low]) & given:
            new.append(word)
    if len(new) > MOST_NEW_WORDS:
        return f"speaks of {', '.join(new)}, which was not given"
    return ""


def _is_false(claimed: str | None, actual: str | None) -> bool:
    return claimed is not None and claimed != actual


_FROM_EXAMPLES = (
    frozenset(
        w.casefold()
        for question, said, sentence in prompts.EXAMPLES
        for w in _WORD.findall(f"{question} {said} {sentence}")
        if len(w) >= 4
    )
    - _FRAME
)
