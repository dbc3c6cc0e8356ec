"""Sentences that stand by themselves, out of summaries and Markdown."""

import re
from collections.abc import Iterator

from exercises.checking.words import plain

FEWEST_WORDS, MOST_WORDS = 8, 40
GAP = "____"


def listed(words: str) -> frozenset[str]:
    """The words of a word list."""
    return frozenset(words.split())


_ABBREVIATIONS = ("e.g.", "i.e.", "etc.", "et al.", "vs.", "cf.", "fig.", "eq.", "dr.", "prof.")
_END = re.compile(r"(?<=[.!?])[\"”’)]?\s+(?=[\"“(]?[A-Z0-9])")
# What points out of the sentence, or at whoever reads it.
_POINTERS = listed(
    "i we us our you your yours he she him her his hers me my mine this that's these those "
    "such here above below earlier later previous previously following latter former figure "
    "fig table section chapter notebook assignment exercise lecture video course repo "
    "repository post let's don't we'll you'll it's recall note notice see shown said "
    "aforementioned today currently recently"
)
_BAD_STARTS = listed(
    "it its they their them there but and or so thus therefore hence also then similarly "
    "instead moreover furthermore finally however first second secondly third lastly next "
    "another other others both again otherwise additionally nevertheless nonetheless still "
    "yet likewise consequently conversely accordingly meanwhile click run install download "
    "use try remember compare consider imagine suppose assume given what why how who which "
    "where when while because since if as although though"
)
_NO_PROSE = re.compile(r"https?:|www\.|[$\\<>{}|=_^~@#*\[\]`]|\(\)|\.\.\.|…|:$|\?$|\w/\w|\d{4}\)")
_MARKUP = (
    (re.compile(r"!\[[^\]]*\]\([^)]*\)"), ""),
    (re.compile(r"\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"(\*\*\*|\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<!\w)[*_](?=\S)([^*_]+?)(?<=\S)[*_](?!\w)"), r"\1"),
    (re.compile(r"`([^`]+)`"), r"\1"),
    (re.compile(r"</?\w+[^>]*>"), ""),
)


def prose(markdown: str) -> Iterator[str]:
    """The paragraphs of *markdown* without markup; no code, lists, tables or headings."""
    text = re.sub(r"^(```|~~~).*?^\1\s*$", "\n\n", markdown, flags=re.S | re.M)
    text = re.sub(r"\$\$.*?\$\$", "\n\n$\n\n", text, flags=re.S)
    for block in re.split(r"\n\s*\n", text):
        if re.match(r"\s*([-+*|>#]|\d+[.)]\s|    |<|!\[|:::)", block):
            continue
        for pattern, instead in _MARKUP:
            block = pattern.sub(instead, block)
        yield " ".join(block.split())


def sentences(paragraph: str) -> list[str]:
    """*paragraph* sentence by sentence."""
    found: list[str] = []
    for part in _END.split(paragraph):
        if found and found[-1].lower().endswith(_ABBREVIATIONS):
            found[-1] += f" {part}"
        else:
            found.append(part)
    return [sentence.strip() for sentence in found if sentence.strip()]


def is_prose(sentence: str) -> bool:
    """Whether it is of fair length and holds no link, code, formula or question."""
    words = len(plain(sentence).split())
    return FEWEST_WORDS <= words <= MOST_WORDS and not _NO_PROSE.search(sentence)


def stands_alone(sentence: str) -> bool:
    """Whether it is understood without what stands around it."""
    words = re.findall(r"[a-z][a-z'’-]*", sentence.lower().replace("’", "'"))
    if not words or not sentence[0].isupper() or not sentence.endswith("."):
        return False
    return (
        is_prose(sentence)
        and words[0] not in _BAD_STARTS
        and not _POINTERS & set(words)
        and sentence.count("(") == sentence.count(")")
        and sentence.count('"') % 2 == 0
    )


def occurrences(term: str, sentence: str) -> list[re.Match[str]]:
    """Where *term* stands in *sentence* as whole words."""
    return list(re.finditer(rf"(?<![\w-]){re.escape(term)}(?![\w-])", sentence, re.I))


def stems(text: str) -> set[str]:
    """The first five letters of each word: "isolates" gives "isolation" away."""
    return {word[:5] for word in plain(text).split() if len(word) > 2}


def shortened(text: str, most: int) -> str:
    """*text*, cut between words where it is longer than *most* characters."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"
