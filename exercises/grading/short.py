"""Short answers are graded by a rubric, point by point."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import redis
from django.conf import settings

from exercises.content import Point, ShortContent
from exercises.grading import judging, meaning, screening
from exercises.grading import text as texts
from exercises.grading.evidence import Evidence, Finding, Key, key_of, weigh
from exercises.grading.feedback import feedback
from exercises.grading.negation import Sentence, read
from exercises.marks import Mark
from exercises.models import Verdict
from learning_assistant import ollama
from learning_assistant.admission import model_slot

FULL = 0.99
EMBED_SHARE = 0.6  # of the time there is
JUDGE_FLOOR_S = 0.3  # less time than this is not worth a call
# Nearness to what is accepted (cosine): surely the same, perhaps, surely not; and how much nearer
# to it than to what contradicts it.
SURE, PERHAPS, LEAN = 0.80, 0.50, 0.68
MARGIN = 0.04
HALF = 0.5  # of a point's words: what is near to it in meaning alone may be another point


@dataclass(frozen=True)
class Settled:
    """What is known of one point so far; `made` None: nobody decided yet."""

    point: Point
    made: bool | None
    evidence: str | float
    by: str  # words, meaning, model
    denied: bool = False
    lean: bool = False  # how it goes where nobody decides


def mark(content: ShortContent, prompt: str, answer: str, *, seconds: float = 1.2) -> Mark:
    """The verdict on *answer*, after *seconds* at the latest; it raises nothing."""
    began = time.monotonic()
    sources = [content.reference, *(a for p in content.rubric for a in p.accepts)]
    screened = screening.screened(answer, prompt, sources)
    statements = screened.statements
    keys = [key_of(point, prompt, content.reference) for point in content.rubric]
    evidence = weigh(keys, statements)
    timings = {"words": _ms(began)}
    findings = [_by_words(key, found) for key, found in zip(keys, evidence, strict=True)]
    if statements:
        near = _nearness(keys, statements, seconds * EMBED_SHARE - (time.monotonic() - began))
        timings["meaning"] = _ms(began) - timings["words"]
        if near is not None:
            findings = [
                _by_meaning(key, found, n, statements)
                for key, found, n in zip(keys, evidence, near, strict=True)
            ]
            left = seconds - (time.monotonic() - began)
            if "orders" not in screened.reasons and left > JUDGE_FLOOR_S:
                findings = _judged(findings, prompt, statements, left)
            timings["model"] = _ms(began) - timings["words"] - timings["meaning"]
    return _mark(findings, screened.reasons, timings)


def _ms(began: float) -> float:
    return round(1000 * (time.monotonic() - began), 1)


def _by_words(key: Key, found: Evidence) -> Settled:
    made = found.finding is Finding.MADE
    return Settled(
        key.point, made, found.text if made else round(found.share, 2), "words",
        denied=found.finding is Finding.DENIED,
    )  # fmt: skip


def _units(statements: Sequence[Sentence]) -> list[str]:
    """Sentences, their longer clauses, and pairs of sentences."""
    alone = [sentence.text for sentence in statements]
    pairs = [f"{a} {b}" for a, b in zip(alone, alone[1:], strict=False)]
    parts = [c for text in alone for c in texts.clauses(text) if len(texts.words(c)) >= 4]
    return list(dict.fromkeys([*alone, *pairs, *parts]))[: meaning.MOST_TEXTS // 2]


def _nearness(
    keys: Sequence[Key], statements: Sequence[Sentence], seconds: float
) -> list[meaning.Nearness] | None:
    """How near the answer is to each point; None without the embedding model."""
    units = _units(statements)
    lasting = [
        line for key in keys for line in (*(a.text for a in key.accepts), *key.point.refutes)
    ]
    try:
        known = meaning.vectors.of(units, lasting, max(seconds, 0.01))
    except ollama.ModelUnavailable:
        return None
    return [
        meaning.nearness(units, [a.text for a in key.accepts], key.point.refutes, known)
        for key in keys
    ]


def _by_meaning(
    key: Key, found: Evidence, near: meaning.Nearness, statements: Sequence[Sentence]
) -> Settled:
    """Words decide first; nearness decides what they leave open, and doubts what it contradicts."""
    finding = _by_words(key, found)
    if found.finding is Finding.DENIED:
        return finding
    margin = near.accepted - near.refuted
    if found.finding is Finding.MADE:
        if near.accepted < 0.3 or margin < -2 * MARGIN:
            return replace(finding, made=None, lean=near.accepted >= 0.3 and margin > -4 * MARGIN)
        return finding
    finding = replace(finding, by="meaning", evidence=round(near.accepted, 2))
    if near.accepted < PERHAPS or margin < 0 or not _same_side(near, key):
        return replace(finding, made=False)
    if near.accepted >= SURE and margin >= MARGIN and found.share > 0:
        return replace(finding, made=True)
    leans = near.accepted >= LEAN and margin >= MARGIN and found.share >= HALF
    return replace(finding, made=None, lean=leans)


def _same_side(near: meaning.Nearness, key: Key) -> bool:
    """Whether a unit denies as often as the accepted clause that it is nearest to."""

    def odd(text: str) -> int:
        return sum(sentence.denials for sentence in read(texts.clean(text))) % 2

    return odd(near.unit) == odd(near.accept)


def _judged(
    findings: list[Settled], prompt: str, statements: Sequence[Sentence], seconds: float
) -> list[Settled]:
    """The undecided ones by the chat model, where there is one that can; else as they lean."""
    undecided = [f for f in findings if f.made is None]
    said: list[bool] | None = None
    model = settings.CHAT_MODEL
    if undecided and judging.able(model):
        questions = [judging.Question(f.point.point, f.point.accepts) for f in undecided]
        answer = " ".join(sentence.text for sentence in statements)
        try:
            with model_slot(seconds) as taken:
                if taken:
                    said = judging.verdicts(model, prompt, questions, answer, seconds)
        except (ollama.ModelUnavailable, redis.exceptions.RedisError):
            said = None
    if said is None:
        return findings
    verdicts = iter(said)
    return [replace(f, made=next(verdicts), by="model") if f.made is None else f for f in findings]


def _mark(findings: Sequence[Settled], reasons: Sequence[str], timings: dict[str, float]) -> Mark:
    settled = [replace(f, made=f.lean if f.made is None else f.made) for f in findings]
    weight = sum(f.point.weight for f in settled)
    score = sum(f.point.weight for f in settled if f.made) / weight
    verdict = Verdict.PASSED if score >= FULL else Verdict.PARTLY if score else Verdict.FAILED
    by = max((f.by for f in settled), key=("words", "meaning", "model").index)
    made = [f.point.point for f in settled if f.made]
    denied = [f.point.point for f in settled if f.denied]
    missing = [f.point.point for f in settled if not f.made and not f.denied]
    points = [
        {"point": f.point.point, "made": bool(f.made), "evidence": f.evidence} for f in settled
    ]
    return Mark(
        verdict=verdict,
        score=round(score, 4),
        feedback=feedback(made, missing, denied, reasons),
        feedback_source="rubric",
        details={"points": points, "by": by},
        timings=timings,
    )
