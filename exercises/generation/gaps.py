"""Cloze by code: a gap in a sentence of ours, where what is left tells which term is missing.

Two ways. A method that is known by its name: what it does stands behind the gap, in the words of
its summary. Or a term that the catalogue names and the sentence explains or defines, chosen by its
idf (the rarest says the most); it is recoverable if hardly a neighbouring term fits as well, by
embeddings.
"""

import re
from collections.abc import Iterator, Sequence

from exercises.checking.results import Check, check
from exercises.checking.words import holds
from exercises.content import ClozeContent, Item
from exercises.generation import phrases
from exercises.generation.choices import neighbours
from exercises.generation.drafts import Draft, Dropped, slug_of
from exercises.generation.names import Described, defined_in, spelt_out
from exercises.generation.near import Near
from exercises.generation.passages import Passage
from exercises.generation.text import (
    GAP,
    MOST_WORDS,
    occurrences,
    prose,
    sentences,
    stands_alone,
    stems,
)
from exercises.generation.vocabulary import Term, Vocabulary, key_of, rare_enough

TRIED = 3  # terms of one sentence
FEWEST_NEIGHBOURS = 4
CLOSE = 0.45  # cosine of two descriptions, from which their names may be mixed up
WORST_PLACE = 2  # how many neighbours may be nearer, for a person to decide
# A name that fewer rows of the index mention can't be asked for without choices.
KNOWN_BY = 3

# What a method does, and not what a paper about it says.
_DOES = re.compile(
    r"(Adds|Builds|Classifies|Combines|Compresses|Computes|Cuts|Estimates|Fine-tunes|Finds|Fits|"
    r"Generalizes|Inserts|Keeps|Learns|Lets|Makes|Maps|Measures|Normalizes|Orders|Places|Predicts|"
    r"Pretrains|Prompts|Removes|Replaces|Samples|Scales|Schedules|Scores|Splits|Stores|Teaches|"
    r"Trains|Weights) "
)
_EXPLAINED = re.compile(
    r"\b(explain(s|ed|ing)?|derive[sd]?|define[sd]?|introduce[sd]?|present(s|ed)?|propose[sd]?|"
    r"describe[sd]?|develop(s|ed)?|teach(es)?|what|how|why|called|named|known as|behind)"
    r"( (an?|the))?$",
    re.I,
)
_GOES_ON = re.compile(r"^(:|,? (which|that|where|in which|as|from|through|with|by|to|for|is|are|"
                      r"does|works?|learns?|finds?|means?|trains?|can|over|on|of)\b)")  # fmt: skip
_SAYS = re.compile(
    r"^( \([\w-]+\))?,? (is|are|refers?|means?|measures?|lets?|allows?|enables?|combines?|"
    r"computes?|uses?|consists?|works?|involves?|happens?|learns?|trains?|makes?|takes?|helps?|"
    r"aims?|contains?|gives?)\b"
)


def of_method(
    subject: Described, all_: Sequence[Described], vocabulary: Vocabulary, mentions: int
) -> Iterator[Draft | Dropped]:
    """The exercise that asks for the name of *subject*, or why there is none.

    Raises `ollama.ModelUnavailable`.
    """
    text = _sentence(subject)
    passage = subject.passage
    if text is None or subject.group != "paper":
        yield Dropped("no sentence says what it does", passage)
        return
    if mentions < KNOWN_BY:
        yield Dropped("hardly known by name", passage)
        return
    others = neighbours(subject, all_, vocabulary.near)
    if len(others) < 2:
        yield Dropped("too few neighbours", passage)
        return
    before, _, after = text.partition(GAP)
    seen = ", ".join(f"{other.name} {cosine:.2f}" for other, cosine in others)
    checks = [check("none of the others fits", seen=seen)]
    names = [other.name for other, cosine in others if cosine >= CLOSE]
    yield _draft(passage, before, subject.name, after, names, checks, doubtful=False)


def _sentence(subject: Described) -> str | None:
    """Its description as a sentence with the name's gap; None where it makes none."""
    text = sentences(subject.text)[0]
    if len(text.split()) > MOST_WORDS + 5:
        return None
    if text.count(GAP) == 1 and not text.startswith(GAP):
        return text
    if GAP not in subject.text and _DOES.match(text):
        return f"{GAP} {text[0].lower()}{text[1:]}"
    return None


def of_terms(passage: Passage, vocabulary: Vocabulary) -> Iterator[Draft | Dropped]:
    """At most one exercise from *passage*, or why there is none.

    Raises `ollama.ModelUnavailable`.
    """
    reason = "no sentence stands alone"
    for sentence in _sentences(passage):
        reason = "no term in a telling place"
        found = _gaps(sentence, vocabulary) or _definition(passage, sentence)
        for term, match in found[:TRIED]:
            reason = "not recoverable"
            draft = _recoverable(passage, sentence, term, match, vocabulary)
            if draft is not None:
                yield draft
                return
    yield Dropped(reason, passage)


def _sentences(passage: Passage) -> Iterator[str]:
    for paragraph in prose(passage.text):
        for sentence in sentences(paragraph):
            if stands_alone(sentence):
                yield sentence


def _gaps(sentence: str, vocabulary: Vocabulary) -> list[tuple[Term, re.Match[str]]]:
    """The terms that *sentence* explains or defines, the rarest first."""
    found = []
    for term, match in vocabulary.found_in(sentence):
        before, after = sentence[: match.start()].rstrip(), sentence[match.end() :]
        explained = _EXPLAINED.search(before) and _GOES_ON.match(after)
        defined = before.lower() in ("", "a", "an", "the") and _SAYS.match(after)
        if (explained or defined) and not _repeated(match[0], f"{before} {after}"):
            found.append((term, match))
    return sorted(found, key=lambda pair: -pair[0].idf)


def _definition(passage: Passage, sentence: str) -> list[tuple[Term, re.Match[str]]]:
    """What *sentence* of a document defines, known to the catalogue or not."""
    if passage.chunk_id is None:
        return []
    names = [name for name, said in defined_in(passage) if said == sentence]
    known = rare_enough(names)
    return [
        (known[name], occurrences(name, sentence)[0])
        for name in names
        if name in known and not _repeated(name, sentence.replace(name, "", 1))
    ]


def _repeated(answer: str, left: str) -> bool:
    """Whether other words of the sentence give the answer away, or are forms of it."""
    forms = set(key_of(answer).split()) & set(key_of(left).split())
    return bool(forms or stems(answer) & stems(left) or spelt_out(answer, left))


def _recoverable(
    passage: Passage, sentence: str, term: Term, match: re.Match[str], vocabulary: Vocabulary
) -> Draft | None:
    answer = match[0]
    others = [n for n in vocabulary.neighbours(term.text) if not holds(sentence, n)]
    if len(others) < FEWEST_NEIGHBOURS or answer.endswith(("'s", "’s")):
        return None
    before, after = sentence[: match.start()], sentence[match.end() :]
    place = _place(before, answer, after, others, vocabulary.near)
    if place > WORST_PLACE:
        return None
    seen = f"place {place + 1} among {len(others)} neighbours, idf {term.idf:.1f}"
    checks = [check("recoverable", seen=seen)]
    # Of documents nobody has said that they are right; of a summary staff have.
    doubtful = place > 0 or not term.named or passage.chunk_id is not None
    close = [n for n in others if vocabulary.near.cosine(answer, n) >= CLOSE]
    return _draft(passage, before, answer, after, close, checks, doubtful=doubtful)


def _place(before: str, answer: str, after: str, others: Sequence[str], near: Near) -> int:
    """How many of *others* fit better than *answer*, by the kinder of two measures.

    Which term is nearest to what is left of the sentence; and which one, put into the gap, changes
    what is left the least. Bare terms are embedded badly, rare ones in a sentence: of terms that a
    person would find, either measure alone missed half.
    """
    left = f"{before}{after}"
    terms = [answer, *others]
    filled = [f"{before}{term}{after}" for term in terms]
    by_term = [text for text, _ in near.ranked(left, terms)].index(answer)
    by_sentence = [text for text, _ in near.ranked(left, filled)].index(filled[0])
    return min(by_term, by_sentence)


def _draft(
    passage: Passage,
    before: str,
    answer: str,
    after: str,
    others: list[str],
    checks: Sequence[Check],
    *,
    doubtful: bool,
) -> Draft:
    sentence = f"{before}{answer}{after}"
    item = Item(
        slug=slug_of("cloze", passage, answer),
        topic=passage.topic,
        level=passage.level,
        prompt=phrases.cloze_prompt(passage, answer),
        explanation=phrases.cloze_explanation(passage, sentence, answer),
        hints=phrases.cloze_hints(passage, answer, others),
        resource=passage.resource,
        content=ClozeContent(
            type="cloze", passage=f"{before}[[{answer}]]{after}", accept=_also(answer)
        ),
    )
    return Draft(item, passage, checks, doubtful)


def _also(answer: str) -> list[str]:
    """What is right as well: "wav2vec" for "wav2vec 2.0"."""
    plain = re.sub(r"\s+v?\d+(\.\d+)*$", "", answer)
    return [] if plain == answer else [plain]
