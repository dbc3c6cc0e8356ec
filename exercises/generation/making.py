"""Making exercises: drafts of all makers, each proven, some solved blind, and stored.

Who lets one out, as the project's rules have it:

- A choice goes out when a model that has passed its test solves it blind; where that model comes
  to another answer it is refused, and where there is no such model it waits for staff.
- A cloze from a summary, which staff have published, goes out by its proof: the term that is
  missing fits best of all its neighbours. One of a document, or where a neighbour fits as well,
  waits for staff. A model that has passed its test fills the gap blind, and decides as for choices.
- Short answers and code are made by such models only, and go out by their proof: a rubric that
  passes its reference and nothing else, tests that the solution passes and changed copies fail.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from django.conf import settings

from exercises import prompts
from exercises.checking import storing
from exercises.checking.asking import Asker
from exercises.checking.proving import Proven, prove
from exercises.checking.resolve import resolve
from exercises.checking.twins import Vector
from exercises.checking.vectors import vectors
from exercises.content import ChoiceContent
from exercises.generation import capability, choices, gaps, names, passages, vocabulary, whole
from exercises.generation.drafts import Draft, Dropped
from exercises.generation.names import Described
from exercises.generation.near import Near, near
from exercises.generation.passages import Passage
from exercises.generation.text import prose, sentences, stands_alone
from exercises.generation.vocabulary import Vocabulary
from exercises.models import Exercise, ExerciseState, ExerciseType, Source
from learning_assistant import ollama

BY_CODE = (ExerciseType.MULTIPLE_CHOICE, ExerciseType.CLOZE)
CODE_VERSION = "code-1"


class Outcome(StrEnum):
    PUBLISHED = "published"
    PROVEN = "proven"  # waits for staff
    REFUSED = "refused"  # by a check
    DROPPED = "dropped"  # nothing came of the passage


@dataclass(frozen=True)
class Made:
    """What became of one passage; `reason` is the check that refused it, in a few words."""

    type: str
    passage: Passage
    outcome: Outcome
    reason: str = ""
    detail: str = ""
    seconds: float = 0.0
    draft: Draft | None = None
    by: str = ""  # the model's name, or "code"

    @property
    def kept(self) -> bool:
        return self.outcome in (Outcome.PUBLISHED, Outcome.PROVEN)


class Maker:
    """All that makers share: the catalogue's names and terms, and what models may do.

    *leave*: slots of the model server that stay free for learners. *most_chunks* are read at once.
    Raises `ollama.ModelUnavailable` where the embedding model is away.
    """

    def __init__(
        self, *, leave: int = 0, dry_run: bool = False, most_chunks: int = 100_000
    ) -> None:
        self._near: Near = near()
        self._dry_run = dry_run
        self._most_chunks = most_chunks
        self.asker = Asker(settings.CHAT_MODEL, ollama.digest_of(settings.CHAT_MODEL), leave=leave)
        self._embed_digest = ollama.digest_of(settings.EMBED_MODEL)
        self._works = [
            work for passage in passages.of_resources() if (work := names.of_work(passage))
        ]
        self._vocabulary: Vocabulary | None = None

    @property
    def able(self) -> bool:
        """Whether the chat model has passed its test."""
        return bool(capability.able(self.asker.digest))

    def types(self) -> tuple[ExerciseType, ...]:
        """Those that can be made with the models there are."""
        return tuple(ExerciseType) if self.able else BY_CODE

    def make(self, type_: str, topic: str = "", level: str = "") -> Iterator[Made]:
        """Try passage after passage that has given no exercise of *type_* yet.

        Raises `ollama.ModelUnavailable` where the embedding model is away.
        """
        used = _used(type_)
        makers = [self._by_code] + ([self._by_model] if self.able else [])
        for maker in makers:
            began = time.monotonic()
            for found, by in maker(type_, topic, level, lambda passage: passage.key not in used):
                made = self._finish(type_, found, by)
                if made.kept:
                    used.add(made.passage.key)
                yield replace(made, seconds=round(time.monotonic() - began, 3))
                began = time.monotonic()

    def _by_code(
        self, type_: str, topic: str, level: str, free: Callable[[Passage], bool]
    ) -> Iterator[tuple[Draft | Dropped, str]]:
        found: Iterator[Draft | Dropped] = iter(())
        if type_ == ExerciseType.MULTIPLE_CHOICE:
            found = self._choices(topic, level, free)
        elif type_ == ExerciseType.CLOZE:
            found = self._clozes(topic, level, free)
        for draft in found:
            yield draft, "code"

    def _choices(
        self, topic: str, level: str, free: Callable[[Passage], bool]
    ) -> Iterator[Draft | Dropped]:
        for work in _in(self._works, topic, level):
            if free(work.passage):
                yield from choices.drafts(work, self._works, self._near)
        chunks = passages.of_chunks(_defines, self._most_chunks)
        terms = [term for passage in chunks if (term := names.of_definition(passage))]
        for term in _in(terms, topic, level):
            if free(term.passage):
                yield from choices.drafts(term, terms, self._near)

    def _clozes(
        self, topic: str, level: str, free: Callable[[Passage], bool]
    ) -> Iterator[Draft | Dropped]:
        known = self._known()
        for work in _in(self._works, topic, level):
            if free(work.passage):
                mentions = vocabulary.mentions(work.name)
                yield from gaps.of_method(work, self._works, known, mentions)
        for passage in passages.of_resources(topic, level):
            if free(passage):
                yield from gaps.of_terms(passage, known)
        for passage in passages.of_chunks(_tells, self._most_chunks, topic, level):
            if free(passage):
                yield from gaps.of_terms(passage, known)

    def _by_model(
        self, type_: str, topic: str, level: str, free: Callable[[Passage], bool]
    ) -> Iterator[tuple[Draft | Dropped, str]]:
        for source in (
            passages.of_resources(topic, level),
            passages.of_chunks(_tells, self._most_chunks, topic, level),
        ):
            for passage in source:
                if not free(passage):
                    continue
                try:
                    for draft in whole.drafts(type_, passage, self.asker, self._near):
                        yield draft, self.asker.model
                except ollama.ModelUnavailable as error:
                    yield Dropped("the model gave no answer", passage, str(error)), self.asker.model

    def _known(self) -> Vocabulary:
        if self._vocabulary is None:
            self._vocabulary = vocabulary.load([w.name for w in self._works], self._near)
        return self._vocabulary

    def _finish(self, type_: str, found: Draft | Dropped, by: str) -> Made:
        if isinstance(found, Dropped):
            return Made(type_, found.passage, Outcome.DROPPED, found.reason, found.detail, by=by)
        vector = vectors([found.item])[0]
        others = storing.InDatabase(self._embed_digest)
        proven = prove(found.item, vector, others)
        proven = Proven([*found.checks, *proven.checks], proven.seconds)
        outcome = Outcome.REFUSED
        if proven.passed:
            proven, outcome = self._solved(found, proven)
        if not proven.passed:
            fault = next(check for check in proven.checks if not check.passed)
            return Made(
                type_, found.passage, Outcome.REFUSED, fault.name, fault.detail, draft=found, by=by
            )
        if not self._dry_run:
            self._store(found, proven, outcome, vector, by)
        return Made(type_, found.passage, outcome, draft=found, by=by)

    def _solved(self, draft: Draft, proven: Proven) -> tuple[Proven, Outcome]:
        """Solve it blind where that counts, and say whether it goes out."""
        asked = None
        if self.able:
            try:
                asked = resolve(draft.item, self.asker)
            except ollama.ModelUnavailable:
                return proven, Outcome.PROVEN
        if asked is not None:
            return Proven([*proven.checks, asked], proven.seconds), Outcome.PUBLISHED
        choice = isinstance(draft.item.content, ChoiceContent)
        return proven, Outcome.PROVEN if choice or draft.doubtful else Outcome.PUBLISHED

    def _store(
        self, draft: Draft, proven: Proven, outcome: Outcome, vector: Vector, by: str
    ) -> None:
        by_code = by == "code"
        published = outcome == Outcome.PUBLISHED
        storing.store(
            draft.item,
            proven,
            source=Source.MODEL,
            state=ExerciseState.PUBLISHED if published else ExerciseState.PROVEN,
            vector=vector,
            digest=self._embed_digest,
            model=settings.EMBED_MODEL if by_code else self.asker.model,
            model_digest=self._embed_digest if by_code else self.asker.digest,
            prompt_version=CODE_VERSION if by_code else prompts.VERSION,
            passage=draft.passage.text,
            chunk_id=draft.passage.chunk_id,
        )


def _used(type_: str) -> set[str]:
    """The passages that gave an exercise of *type_* already, whatever became of it since."""
    rows = Exercise.objects.filter(type=type_, slug__startswith="made-")
    return {slug.rsplit("-", 2)[1] for slug in rows.values_list("slug", flat=True)}


def _in(described: list[Described], topic: str, level: str) -> list[Described]:
    return [
        one
        for one in described
        if topic in ("", one.passage.topic) and level in ("", one.passage.level)
    ]


def _tells(markdown: str) -> bool:
    """Whether a chunk holds a sentence that stands by itself."""
    return any(stands_alone(s) for paragraph in prose(markdown) for s in sentences(paragraph))


def _defines(markdown: str) -> bool:
    return any(names.definition(s) for paragraph in prose(markdown) for s in sentences(paragraph))
