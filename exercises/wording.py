"""Short answers in the form in which two of them are compared: words, numbers, formulas."""

import re
import unicodedata
from fractions import Fraction

ARTICLES = frozenset({"a", "an", "the"})
_SAME = str.maketrans(
    dict.fromkeys("‐‑‒–—−﹣－", "-")
    | dict.fromkeys("‘’ʼ`´", "'")
    | {"×": "*", "·": "*", "⋅": "*", "÷": "/", "⁄": "/", "∕": "/"}
)
_GREEK = str.maketrans(
    {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "η": "eta",
     "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "π": "pi", "ρ": "rho", "σ": "sigma",
     "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega"}
)  # fmt: skip
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n")
_RAISED = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]+")
# What no plain words have: these are compared sign by sign.
_FORMULA = re.compile(r"[=<>+*/^()\[\]{}|\\∑√≤≥≈]|(?:^|\s)-\s?\w|\b\w\s?-\s?\d", re.UNICODE)
_WORDS = "zero one two three four five six seven eight nine ten eleven twelve"
_NUMBER_WORDS = {word: Fraction(n) for n, word in enumerate(_WORDS.split(" "))}
_NUMBER_WORDS |= dict.fromkeys(("half", "a half", "one half"), Fraction(1, 2))
_NO_UNITS = frozenset(
    {"percent", "hundred", "thousand", "million", "billion", "dozen", "or", "and", "of", "to"}
)
_DIGITS = r"[+-]?(?:\d[\d.,_' ]*|[.,]\d+)"
_NUMBER = re.compile(rf"({_DIGITS})(?:\s*e\s*([+-]?\d{{1,3}}))?", re.ASCII)
_POWER = re.compile(
    rf"(?:({_DIGITS})\s*\*\s*)?([+-]?\d{{1,3}})\s*(?:\^|\*\*)\s*\(?([+-]?\d{{1,3}})\)?"
)


def plain(text: str) -> str:
    """*text* in one of the ways in which Unicode can write it, in lower case, single blanks."""
    text = _RAISED.sub(lambda m: "^" + m.group().translate(_SUPERSCRIPTS), text)
    text = unicodedata.normalize("NFKC", text.translate(_SAME)).translate(_SAME)
    text = re.sub(r"√\s*\(?\s*([^\W_]+)\s*\)?", r"sqrt(\1)", text.casefold().translate(_GREEK))
    return " ".join(text.split())


def is_formula(text: str) -> bool:
    """Whether *text* (plain) has signs that mean something."""
    return bool(_FORMULA.search(text))


def words(text: str) -> list[str]:
    """The words of *text* (plain) without articles, accents and punctuation; hyphens part them."""
    letters = unicodedata.normalize("NFKD", text)
    letters = "".join(c for c in letters if not unicodedata.combining(c)).replace("'s ", " ")
    found = re.findall(r"[^\W_]+(?:\+\+|#)?", letters.replace("'", ""))
    return [word for word in found if word not in ARTICLES] or found


def stem(word: str) -> str:
    """*word* without the endings of plural, -ing and -ed, and in American spelling."""
    word = re.sub(r"is(e|ed|es|ing|ation|ations|er|ers)$", r"iz\1", word)
    word = re.sub(r"our(s|ed|ing|al|hood)?$", r"or\1", word) if len(word) > 5 else word
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif re.search(r"(ss|x|ch|sh|z)es$", word):
        word = word[:-2]
    elif len(word) > 3 and re.search(r"(?<![sui])(?<!ia)s$", word):
        word = word[:-1]
    word = re.sub(r"(?<=\w\w\w)(ix|ex|ice)$", "ic", word)  # matrix, matrices
    cut = re.sub(r"(?<!e)(ing|ed)$", "", word)
    if len(cut) >= 4 and re.search(r"[aeiouy]", cut):
        word = cut
    if len(word) > 4:
        word = re.sub(r"([b-df-hj-np-tv-z])\1$", r"\1", word)
        word = word.removesuffix("e")
    return word


def numbers(text: str) -> set[Fraction]:
    """What *text* (plain) may mean as a number; empty where it is none.

    "1,000" may be 1000 or 1: both are in it.
    """
    text = re.sub(r"^(?:=|~|≈|about|approximately|ca\.)\s*", "", text).strip().rstrip(".!;: ")
    text = re.sub(r"^minus\s+(?=[\d.])", "-", text)
    percent = re.search(r"\s*(?:%|percent|per cent)$", text)
    if percent:
        return {n / 100 for n in _number(text[: percent.start()])}
    return _number(text)


def without_unit(text: str) -> str:
    """*text* (plain) without one word after its number: "3 layers" is 3."""
    match = re.fullmatch(r"([-+.\d][-+.,/\d^e]*)\s+([a-z]{2,})", text)
    return match[1] if match and match[2] not in _NO_UNITS else text


def _number(text: str) -> set[Fraction]:
    if text in _NUMBER_WORDS:
        return {_NUMBER_WORDS[text]}
    if power := _POWER.fullmatch(text):
        return _powers(*power.groups())
    top, slash, bottom = text.partition("/")
    if slash:
        return {a / b for a in _decimals(top) for b in _decimals(bottom) if b}
    return _decimals(text)


def _powers(factor: str | None, base: str, exponent: str) -> set[Fraction]:
    if int(base) == 0:
        return set()
    power = Fraction(int(base)) ** int(exponent)
    return {f * power for f in (_decimals(factor) if factor else {Fraction(1)})}


def _decimals(text: str) -> set[Fraction]:
    match = _NUMBER.fullmatch(text.strip())
    if not match:
        return set()
    digits = match[1].strip()
    grouped = re.sub(r"(?<=\d)[,_' ](?=\d{3}(?!\d))", "", digits)
    # A comma for the decimal point; "1,000" is read as a thousand too, "1.000" as one only.
    readings = {grouped, digits.replace(",", ".") if digits.count(",") == 1 else grouped}
    power = Fraction(10) ** int(match[2] or 0)
    found = set()
    for reading in readings:
        if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", reading):
            found.add(Fraction(reading.rstrip(".")) * power)
    return found


def one_slip_apart(one: str, other: str) -> bool:
    """Whether one typing error makes one of the other: a letter more, less, wrong, or two swapped.

    The first letter must be right: with another one it often is another word (typical, atypical).
    """
    if one == other or not one or not other or one[0] != other[0]:
        return False
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:  # one is the other with a letter more at the end
        return True
    a, b = one[start:], other[start:]
    if len(a) == len(b):
        return a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
    return a[1:] == b if len(a) > len(b) else a == b[1:]
