"""Texts as the checks compare them."""

import re
import unicodedata
from difflib import SequenceMatcher


def plain(text: str) -> str:
    """*text* in lower case, its words with one space between them."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).lower()))


def holds(text: str, part: str) -> bool:
    """Whether *part* stands in *text* as whole words."""
    return bool(plain(part)) and f" {plain(part)} " in f" {plain(text)} "


def likeness(one: str, other: str, least: float = 0.0) -> float:
    """0 to 1: the share of words in the same order (Ratcliff and Obershelp); 0 below *least*."""
    matcher = SequenceMatcher(None, plain(one).split(), plain(other).split(), autojunk=False)
    if least and (matcher.real_quick_ratio() < least or matcher.quick_ratio() < least):
        return 0.0
    return matcher.ratio()
