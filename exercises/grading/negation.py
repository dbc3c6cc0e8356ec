"""What a text says no to: the words of each sentence, each as it is meant, or denied.

Two things deny: a verb that is denied turns its whole clause round ("the gradient does not point
uphill" denies "gradient" and "uphill"), other words what follows them in the clause ("without a
limit"). Sentences can be denied as a whole ("It is false that …", "None of this is true.").
Denying twice is denying nothing.
"""

import re
from dataclasses import dataclass, replace

from exercises.grading import denials as forms
from exercises.grading import text as texts


@dataclass(frozen=True)
class Word:
    """One word as it is meant; `denied` says that the text says no to it."""

    word: str
    stem: str
    clause: int
    denied: bool
    unsaid: bool = False  # its whole clause or sentence is denied

    @property
    def content(self) -> bool:
        return texts.is_content(self.word)


@dataclass(frozen=True)
class Sentence:
    text: str
    words: tuple[Word, ...]
    asserted: bool  # not a question, not "I don't know whether …"
    denials: int  # how many there are, each clause's and the whole sentence's

    @property
    def content(self) -> set[str]:
        return {word.stem for word in self.words if word.content}


def read(text: str) -> list[Sentence]:
    """The sentences of *text* (clean) with what each says no to."""
    found: list[Sentence] = []
    turned_after = False
    for sentence in texts.sentences(text):
        if forms.ALL_BEFORE.search(sentence) and not _says_true(sentence):
            found = [_turned(earlier) for earlier in found]
            continue
        read_one = _read(sentence)
        if turned_after:
            read_one = _turned(read_one)
        elif forms.ALL_AFTER.search(sentence):
            turned_after = True
            if ":" in sentence:
                read_one = _turned(_read(sentence.partition(":")[2] or sentence))
        found.append(read_one)
    return found


def _says_true(sentence: str) -> bool:
    """Whether a remark on what stands before it confirms it."""
    true = re.search(r"\b(?:true|correct|right|the case)\b", sentence, re.I)
    return bool(true) and not re.search(
        r"\b(?:not|none|nothing|never|isn't|aren't|opposite|reverse|contrary)\b", sentence, re.I
    )


def _turned(sentence: Sentence) -> Sentence:
    words = tuple(
        replace(word, denied=not word.denied, unsaid=not word.unsaid) for word in sentence.words
    )
    return replace(sentence, words=words, denials=sentence.denials + 1)


def _read(sentence: str) -> Sentence:
    whole, rest = _whole(forms.NOT_ONLY.sub(r"\1", sentence))
    words: list[Word] = []
    denials = whole
    parts = texts.clauses(rest)
    before = False
    for number, clause in enumerate(parts):
        listed = before and _goes_on(parts[number:])
        clause_words, count = _clause(clause, number, bool(whole % 2) != listed)
        before = bool(clause_words) and clause_words[-1].denied != bool(whole % 2)
        words += clause_words
        denials += count
    asserted = not forms.QUESTION.search(sentence) and not forms.UNKNOWN.search(sentence)
    return Sentence(sentence, tuple(words), asserted, denials)


def _goes_on(parts: list[str]) -> bool:
    """Whether the first of *parts* is denied with what stands before it.

    "not a, b, or c" denies all three; "is not a, which is b" says b of what is denied.
    """
    if texts.words(parts[0])[0] == "which":
        return True
    for part in parts:
        found = texts.words(part)
        if found[0] == "or":
            return True
        if len(found) > 7 or found[0] in ("but", "and", "so"):
            return False
    return False


def _whole(sentence: str) -> tuple[int, str]:
    """How often *sentence* is denied as a whole, and it without the words that do so."""
    count, rest = 0, sentence
    for pattern in forms.WHOLE:
        match = pattern.search(rest)
        if match:
            count += not match.groupdict().get("odd")
            rest = re.sub(r"^\W*that\b", " ", rest.replace(match[0], " ", 1).strip(), flags=re.I)
    if any(pattern.search(rest.strip()) for pattern in forms.ENCLOSING):
        count, rest = count + 1, forms.DENYING.sub(" ", rest)
    return count, rest


def _end(plain: str, start: int) -> int:
    """Where what a verb within a relative clause denies ends: at the next one's "and"."""
    found = plain.find(" and ", start)
    return found if found >= 0 else len(plain)


def _clause(clause: str, number: int, turned: bool) -> tuple[list[Word], int]:
    plain = forms.NO_DENIAL.sub(lambda m: "_" * len(m[0]), clause)
    whole, spans = 0, []
    for match in forms.PREDICATE.finditer(plain):
        # "actions that hardly occur" denies nothing of the actions.
        if forms.RELATIVE.search(plain[: match.start()]):
            spans.append((match.end(), _end(plain, match.end())))
        else:
            whole += 1
        plain = plain[: match.start()] + "_" * len(match[0]) + plain[match.end() :]
    spans += [(match.end(), len(plain)) for match in forms.FORWARD.finditer(plain)]
    words = []
    lowered = clause.lower()
    position = 0
    for word in texts.words(clause):
        at = lowered.find(word, position)
        at = position if at < 0 else at
        position = at + len(word)
        denials = whole + sum(start <= at < end for start, end in spans) + turned
        unsaid = (whole + turned) % 2 == 1
        words.append(Word(word, texts.stem(word), number, denials % 2 == 1, unsaid))
    return words, whole + len(spans)
