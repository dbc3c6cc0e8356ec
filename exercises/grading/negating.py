"""False readings of a true text, for proofs and tests: a grader must give them no marks."""

import re

from exercises.grading import text as texts
from exercises.grading import wordlists

_JOINERS = re.compile(r"(,\s+(?:so|and|but|while|whereas|since|because)\s+|;\s+|:\s+|\s+so\s+)")


def negated(text: str) -> list[str]:
    """False readings of *text*, a few true sentences of English; no two of them alike.

    Each verb denied; every sentence called false, in three wordings; the whole of it taken back;
    and words swapped for their opposites where each sentence has one.
    """
    sentences = [_closed(sentence) for sentence in texts.sentences(text.strip())]
    readings = [
        " ".join(deny_verbs(sentence) for sentence in sentences),
        " ".join(deny_verbs(sentence, never=True) for sentence in sentences),
        " ".join(f"It is not true that {_lowered(sentence)}" for sentence in sentences),
        " ".join(f"It is false that {_lowered(sentence)}" for sentence in sentences),
        " ".join(f"I don't think that {_lowered(sentence)}" for sentence in sentences),
        f"{_closed(text.strip())} None of this is true.",
    ]
    swapped = [swap_opposite(sentence) for sentence in sentences]
    if all(one for one in swapped):
        readings.append(" ".join(one for one in swapped if one))
    return [reading for reading in dict.fromkeys(readings) if reading != text.strip()]


def _closed(text: str) -> str:
    return text if text[-1:] in ".!?" else f"{text.rstrip(',;:')}."


def _lowered(sentence: str) -> str:
    """*sentence* as it goes on after "that"; names and acronyms keep their capitals."""
    first = sentence.split(" ", 1)[0]
    if sum(c.isupper() for c in first) > 1 or first == "I":
        return sentence
    return sentence[:1].lower() + sentence[1:]


def deny_verbs(sentence: str, *, never: bool = False) -> str:
    """*sentence* with the verb of each main clause denied; whole where no verb is recognised."""
    parts = _JOINERS.split(sentence)
    denied = [None if at % 2 else _deny(part, never) for at, part in enumerate(parts)]
    if denied[0] is None:
        return f"It is not the case that {_lowered(sentence)}"
    return "".join(new if new is not None else old for new, old in zip(denied, parts, strict=True))


def _deny(clause: str, never: bool) -> str | None:
    """*clause* with its main verb denied; None where none is recognised.

    What opens with "if", "as" and the like up to its comma is passed over, and so is the verb
    after "who", "which" or "that".
    """
    opening, comma, rest = clause.partition(", ")
    if comma and opening.split(" ", 1)[0].lower() in wordlists.OPENING:
        denied = _deny(rest, never)
        return None if denied is None else opening + comma + denied
    tokens = clause.split(" ")
    plain = [re.sub(r"\W+$", "", token).lower() for token in tokens]
    if (
        plain[0] in wordlists.VERBS - wordlists.AUXILIARIES
        and _base_form(plain[0])
        and plain[0] not in wordlists.NOUNS
    ):
        return " ".join(["Never" if never else "Do not", plain[0], *tokens[1:]])
    passed_over = False
    for at, word in enumerate(plain):
        if word in wordlists.RELATIVE:
            passed_over = True
        elif word in wordlists.AUXILIARIES or (at and _is_verb(word, plain[at - 1])):
            if not passed_over:
                return _denied_at(tokens, plain, at, never)
            passed_over = plain[at + 1 : at + 2] == ["been"]
    return None


def _denied_at(tokens: list[str], plain: list[str], at: int, never: bool) -> str:
    if plain[at] not in wordlists.AUXILIARIES:
        verb = ["never", tokens[at]] if never else _with_do(tokens[at])
        return " ".join([*tokens[:at], *verb, *tokens[at + 1 :]])
    if plain[at + 1 : at + 2] == ["not"]:
        return " ".join([*tokens[: at + 1], *tokens[at + 2 :]])
    if plain[at] == "cannot":
        return " ".join([*tokens[:at], "can", *tokens[at + 1 :]])
    return " ".join([*tokens[: at + 1], "never" if never else "not", *tokens[at + 1 :]])


def _base_form(word: str) -> bool:
    return not re.search(r"(?<!s)s$|ed$", word)


def _is_verb(word: str, before: str) -> bool:
    if (
        word not in wordlists.VERBS
        or before in wordlists.DETERMINERS
        or "'" in word
        or before in wordlists.AUXILIARIES
    ):
        return False
    if _base_form(word):
        return before in wordlists.PRONOUNS or bool(re.search(r"(?<!s)s$", before))
    return not re.search(r"(?<![sui])s$", before) or before in wordlists.PRONOUNS


def _with_do(verb: str) -> list[str]:
    """*verb* as it stands after "does not" or "do not"."""
    base = re.sub(r"(?<=[^aeiou])ies$", "y", verb)
    if base == verb:
        base = re.sub(r"(?<=ss|sh|ch|xe|zz)es$|(?<=o)es$", "", verb)
    if base == verb and verb.endswith("s") and not verb.endswith("ss"):
        base = verb[:-1]
    if base != verb:
        return ["does", "not", base]
    return ["did" if verb.endswith("ed") else "do", "not", verb]


def swap_opposite(sentence: str) -> str | None:
    """*sentence* with its last word that has an opposite swapped for that; None without one.

    One word only: two swaps can make a true sentence again.
    """
    found = None
    for match in re.finditer(r"(?<!how )\b[A-Za-z]+", sentence):  # "how long" is "how short"
        if match[0].lower() not in wordlists.WEAK and (opposite := _opposite(match[0])):
            found = match, opposite
    if not found:
        return None
    match, opposite = found
    return sentence[: match.start()] + opposite + sentence[match.end() :]


def _opposite(word: str) -> str | None:
    """The other end of the scale for *word* in a form of it that a scale lists or forms."""
    lowered = word.lower()
    for high, low in wordlists.SCALES:
        for one, other in ((high, low), (low, high)):
            if lowered in one:
                return other[0]
            for ending in ("s", "er", "est", "ed", "ing"):
                if lowered.endswith(ending) and _base(lowered, ending) in one:
                    return _formed(other[0], ending)
    return None


def _base(word: str, ending: str) -> str:
    base = word.removesuffix(ending)
    return base if texts.stem(base) != texts.stem(base + "e") else base + "e"


def _formed(base: str, ending: str) -> str:
    if ending[0] == "e" or ending == "ing":
        base = base.removesuffix("e")
    return base + ending
