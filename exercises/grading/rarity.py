"""How much a word tells: the rarer it is in English, the more."""

import gzip
import json
import math
from functools import cache, lru_cache
from importlib.resources import files

from exercises.grading import text as texts

COMMON, RARE = 0.15, 1.0  # the least and the most that a word can weigh
UNKNOWN = 0.8  # terms of a field are often in no list


@cache
def _counts() -> dict[str, int]:
    """How often each stem stands in the corpus of pyspellchecker's list."""
    raw = (files("spellchecker") / "resources" / "en.json.gz").read_bytes()
    counts: dict[str, int] = {}
    for word, count in json.loads(gzip.decompress(raw)).items():
        stem = texts.stem(word)
        counts[stem] = counts.get(stem, 0) + int(count)
    return counts


@lru_cache(texts.STEMS_KEPT)
def weight(stem: str) -> float:
    """What *stem* weighs, `COMMON` to `RARE`: its idf over that of a word met once."""
    counts = _counts()
    if stem not in counts:
        return UNKNOWN
    total = max(counts.values())
    return max(COMMON, min(RARE, math.log(total / counts[stem]) / math.log(total)))
