"""What in an answer counts: statements of the learner's own, and not endlessly many.

Left out: what repeats the question, questions, orders to whoever grades, words without a sentence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from exercises.grading import text as texts
from exercises.grading import wordlists
from exercises.grading.negation import Sentence, read

MIN_WORDS = 90  # so many count at least, and
TIMES_REFERENCE = 2.5  # so many times the reference's length

_GRADERS = (
    r"(?:rubric|grader|grading|grade|graded|marks?|points?|score|scoring|instructions?|prompt|"
    r"examiner|judge|evaluat\w+|assess\w*|verdict|criteria|credit|system|assistant|teacher)"
)
# An order stands at the beginning, or somebody is told to.
_TOLD = (
    r"(?:^|[,.:;!\n]|\b(?:please|must|should|shall|you|just|now|to|and|then|kindly|simply|will))\s*"
)
_FULL = r"(?:full|maximum|max|highest|top|perfect|all|passed?|true|correct|100|10/10|1\.0|every)"
_ORDERS = re.compile(
    r"\b(?:ignor\w+|disregard\w*|forget|overrid\w+|overrul\w+|bypass\w*|skip|discard|drop)"
    rf"\b.{{0,60}}\b{_GRADERS}\b"
    rf"|{_TOLD}(?:give|award|grant|assign|return|output|set|mark|print|respond|reply|grade|rate|score)"
    rf"\b.{{0,40}}\b{_FULL}\b.{{0,30}}\b(?:marks?|points?|scores?|credits?|grade|verdict|answer)\b"
    rf"|{_TOLD}(?:mark|grade|rate|score|treat|consider|accept|count)\b.{{0,30}}\bas\b.{{0,12}}"
    r"\b(?:correct|right|passed|complete|made|true)\b"
    r"|\byou are (?:now |an? |the )"
    r"(?:helpful|generous|lenient|ai|grad|assist|teach|exam|langu|judge)"
    r"|\b(?:act as|pretend (?:to|you|that)|as an? (?:ai|language model)|new instructions?"
    r"|system prompt|(?:previous|prior|earlier|above) instructions?|developer mode|jailbreak)\b"
    r"|\bth(?:is|e) (?:answer|response|learner|student) (?:is (?:correct|right|perfect|complete)"
    r"|deserves|meets|covers|satisfies|should (?:get|receive|pass))"
    r"|\b(?:all|every) (?:the )?criteri(?:a|on) (?:is|are|were|have been)\b|\bof the rubric\b"
    r"|[\"'{]\s*(?:made|verdict|score|points?|passed|grade)[\"']?\s*[:=]"
    r"|<\s*/?\s*(?:system|assistant|user|answer|rubric|im_start|im_end)\b|<\||\[/?inst\]",
    re.I | re.S,
)
_FOREIGN_ORDERS = re.compile(
    r"\b(?:ignorier\w*|vergiss|volle punktzahl|ignore[rz]?\b.{0,30}"
    r"(?:bar[eè]me|consignes|rubrique|crit[eè]res)"
    r"|ignora\w*|olvida|puntuaci[oó]n|puntos|punteggio|pontua\w+|negeer|volledige|zignoruj"
    r"|игнорир\w*|оценк\w*|балл\w*|ignorera|po[aä]ng)\b|忽略|满分|無視|満点|무시|만점|تجاهل|अनदेखा",
    re.I,
)


@dataclass(frozen=True)
class Screened:
    """The statements of an answer that count, and why others don't."""

    statements: tuple[Sentence, ...]
    reasons: tuple[str, ...]  # empty, too long, question, orders, copied, no sentence


def gives_orders(sentence: str) -> bool:
    """Whether *sentence* speaks to whoever grades it."""
    return bool(_ORDERS.search(sentence) or _FOREIGN_ORDERS.search(sentence))


def screened(answer: str, prompt: str, sources: Sequence[str]) -> Screened:
    """What counts of *answer* to *prompt*; *sources*: the reference and clauses of the key."""
    reasons: list[str] = []
    plain = texts.clean(answer)
    longest = max(len(texts.words(source)) for source in sources)
    cut, was_cut = _cut(plain, max(MIN_WORDS, int(TIMES_REFERENCE * longest)))
    if was_cut:
        reasons.append("too long")
    asked = set(texts.stems(texts.clean(prompt)))
    own = [texts.stems(texts.clean(source)) for source in sources]
    kept = []
    for sentence in read(cut):
        reason = _refused(sentence, asked, own)
        if reason:
            reasons.append(reason)
        else:
            kept.append(sentence)
    if not kept and not reasons:
        reasons.append("empty")
    return Screened(tuple(kept), tuple(dict.fromkeys(reasons)))


def _cut(plain: str, most: int) -> tuple[str, bool]:
    """The first *most* words of *plain*."""
    found = list(re.finditer(r"\S+", plain))
    return (plain, False) if len(found) <= most else (plain[: found[most - 1].end()], True)


def _refused(sentence: Sentence, asked: set[str], own: Sequence[list[str]]) -> str:
    if gives_orders(sentence.text):
        return "orders"
    if not sentence.asserted:
        return "question"
    if any(_holds(sentence, key) for key in own):
        return ""
    if not sentence.content - asked:
        return "copied"
    return "" if is_statement(sentence) else "no sentence"


def _holds(sentence: Sentence, key: list[str]) -> bool:
    """Whether *sentence* holds the clause *key*, word for word: a name may be an answer."""
    said = [word.stem for word in sentence.words]
    return any(said[at : at + len(key)] == key for at in range(len(said) - len(key) + 1))


def is_statement(sentence: Sentence) -> bool:
    """Whether words stand in a sentence, and not in a heap or a list."""
    words = [word.word for word in sentence.words]
    parts = [len(texts.words(part)) for part in re.split(r"[,;/|]", sentence.text)]
    if len(parts) >= 4 and sum(length <= 2 for length in parts) > len(parts) / 2:
        return False
    joining = [word for word in words if word not in ("and", "or", "plus")]
    function = sum(word in wordlists.FUNCTION for word in joining)
    if len(words) <= 8:
        return function >= 1
    verb = any(word in wordlists.VERBS or re.search(r"[^s]s$|ed$", word) for word in words)
    return verb and function / len(words) >= 0.12
