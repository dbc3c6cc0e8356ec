"""Shape and language: what every exercise must be before its key is looked at."""

import re

from exercises.checking.results import Check, check
from exercises.checking.words import plain
from exercises.content import Item
from resources.rag.spelling import english

KNOWN = 0.6  # of the words of a text; formulas and names are words too
FEW = 6  # words, of which nothing can be told


def shape(item: Item) -> Check:
    hints = [plain(hint) for hint in item.hints]
    return check(
        "shape",
        "two hints are the same" if len(set(hints)) < len(hints) else "",
        "the prompt is a hint" if plain(item.prompt) in hints else "",
        "the explanation repeats the prompt"
        if plain(item.explanation) == plain(item.prompt)
        else "",
    )


def language(item: Item) -> Check:
    """English: the catalogue's language, and the only one in which short answers are graded."""
    words = re.findall(r"[^\W\d_]{2,}", f"{item.prompt} {item.explanation}".lower())
    known = sum(word in english() for word in words)
    share = known / len(words) if words else 0.0
    return check(
        "language",
        f"{known} of {len(words)} words are English" if len(words) > FEW and share < KNOWN else "",
    )
