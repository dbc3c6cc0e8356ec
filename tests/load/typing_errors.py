"""Queries as a hasty hand types them."""

import random
import re
from collections.abc import Sequence
from string import ascii_lowercase

SHORTEST = 4


def misspelt(queries: Sequence[str], source: random.Random) -> list[str]:
    """One error in one or two words of each query: a letter lost, doubled, wrong, too many, or two
    swapped; never the first letter alone."""
    return [_query(query, source) for query in queries]


def _query(query: str, source: random.Random) -> str:
    parts = re.findall(r"\w+|\W+", query)
    words = [i for i, part in enumerate(parts) if part.isalpha() and len(part) >= SHORTEST]
    for i in source.sample(words, min(len(words), source.choice([1, 2]))):
        while (wrong := _word(parts[i], source)) == parts[i]:
            pass
        parts[i] = wrong
    return "".join(parts)


def _word(word: str, source: random.Random) -> str:
    at = source.randrange(1, len(word))
    letter = source.choice(ascii_lowercase)
    return source.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + word[at - 1] + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
        ]
    )
