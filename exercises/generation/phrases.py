"""The wording of exercises that code makes. Every fact in it is quoted from a passage."""

import re

from exercises.checking.words import holds
from exercises.generation.names import Described
from exercises.generation.passages import Passage
from exercises.generation.text import GAP, shortened, stems

QUOTED = 260  # characters


def source_of(passage: Passage, answer: str) -> str:
    """What the passage is, in words that don't give *answer* away: "the paper “…”"."""
    noun = {"document": "text", "docs": "documentation", "dataset": "data set"}.get(
        passage.kind, passage.kind
    )
    if not gives_away(passage.title, answer):
        return f"the {noun} “{shortened(passage.title, 120)}”"
    if not gives_away(passage.topic_name, answer):
        return f"{_article(noun)} about {_inside(passage.topic_name)}"
    return _article(noun)


def gives_away(text: str, answer: str) -> bool:
    return holds(text, answer) or bool(stems(text) & stems(answer))


def cloze_prompt(passage: Passage, answer: str) -> str:
    verb = "comes from" if passage.kind == "document" else "describes"
    return f"Fill in the gap with a term. The sentence {verb} {source_of(passage, answer)}."


def cloze_explanation(passage: Passage, sentence: str, answer: str) -> str:
    verb = "comes from" if passage.kind == "document" else "describes"
    return f"The missing term is “{answer}”: “{sentence}” The sentence {verb} “{passage.title}”."


def cloze_hints(passage: Passage, answer: str, neighbours: list[str]) -> list[str]:
    """The field, then what comes close (or how long it is), then its first letters."""
    words = [word for word in re.split(r"[\s-]+", answer) if word]
    field = passage.topic_name
    if gives_away(field, answer):
        nudge = "Read what stands after the gap: it says what the missing term is about."
    else:
        nudge = f"It is a term you meet when you learn about {_inside(field)}."
    count = "One word" if len(words) == 1 else f"{len(words)} words"
    letters = sum(map(len, words))
    if neighbours:
        come, does = ("comes", "does") if len(neighbours) == 1 else ("come", "do")
        named = " and ".join(f"“{text}”" for text in neighbours[:2])
        second = f"{named} {come} close, but {does} not fit."
    else:
        second = f"{count} of {letters} letters in all."
    first = ", ".join(f"“{word[0]}”" for word in words)
    return [nudge, second, f"{count} beginning with {first}, and {letters} letters in all."]


def choice_prompt(subject: Described) -> str:
    gapped = GAP in subject.text
    if subject.group == "term":
        asked = "Which term belongs in the gap?" if gapped else "Which term is meant?"
    else:
        noun = {"paper": "of these"}.get(subject.group, subject.group)
        asked = f"Which {noun} is described here?"
        asked += f" Its name is left out ({GAP})." if gapped else ""
    return f"{asked}\n\n> {subject.text}"


def why_not(other: Described) -> str:
    """What a wrong choice is, in the words of its own passage."""
    return f"{other.name} is described otherwise: “{shortened(filled(other), QUOTED)}”"


def choice_explanation(subject: Described) -> str:
    passage = subject.passage
    if subject.group == "term":
        return f"{subject.name}: “{filled(subject)}” The sentence comes from “{passage.title}”."
    authors = passage.authors[0] if passage.authors else ""
    others = " and others" if len(passage.authors) > 1 else ""
    by = f" by {authors}{others}" if authors else ""
    return f"These words describe “{passage.title}”{by}, so the answer is {subject.name}."


def choice_hints(subject: Described, wrong: list[Described]) -> list[str]:
    field = subject.passage.topic_name
    if gives_away(field, subject.name):
        nudge = "Look for the one thing in the description that only one of them does."
    else:
        nudge = f"It belongs to {_inside(field)}."
    return [
        nudge,
        f"It is not {wrong[0].name}: “{shortened(filled(wrong[0]), QUOTED)}”",
        f"It is neither {wrong[0].name} nor {wrong[1].name}.",
    ]


def filled(described: Described) -> str:
    return described.text.replace(GAP, described.name)


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}" if noun != "documentation" else noun


def _inside(name: str) -> str:
    """A topic's name inside a sentence: "Computer vision" becomes "computer vision"."""
    first = name.split()[0]
    proper = first in ("Bayesian", "Python") or first[1:] != first[1:].lower()
    return name if proper else name[:1].lower() + name[1:]
