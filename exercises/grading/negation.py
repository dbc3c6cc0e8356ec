"""What a text says no to: the words of each sentence, each as it is meant, or denied.

Two things deny: a verb that is denied turns its whole clause round ("the gradient does not point
uphill" denies "gradient" and "uphill"), other words what follows them in the clause ("without a
limit"). Sentences can be denied as a whole ("It is false that …", "None of this is true.").
Denying twice is denying nothing.
"""

import re
from dataclasses import dataclass, replace

from exercises.grading import text as texts

_AUX = r"(?:is|are|was|were|be|been|am|do|does|did|can|could|will|would|shall|should|must|may|might|has|have|had|need)"
_BARE = "isnt arent wasnt werent dont doesnt didnt cant couldnt wont wouldnt shouldnt hasnt havent".split()
_NO_DENIAL = re.compile(
    r"\bno (?:matter|doubt|more than|less than)\b"
    r"|\bnothing but\b|\bwhether or not\b|\bor not\b|\bif not\b|\bnot least\b|\bno longer than\b",
    re.I,
)
# A denied verb.
_PREDICATE = re.compile(
    rf"\b{_AUX}\s+(?:\w+ly\s+|also\s+|just\s+|even\s+|really\s+|it\s+|they\s+|we\s+|you\s+)?n[o0]t\b"
    rf"|\b\w+n't\b|\bcan(?:not|\s*nt)\b|\b(?:{'|'.join(_BARE)})\b"
    r"|\b(?:never|nevr|hardly|barely|scarcely|nowhere|no longer|in no way|by no means"
    r"|under no circumstances|not at all|on no account)\b"
    r"|\b(?:fail|fails|failed|failing|refuse|refuses|refused|unable|cease|ceases|neglect|neglects"
    r"|omit|omits|powerless|forget|forgets|decline|declines)\s+to\b"
    r"|\b(?:everything|anything) but\b|\bfar from\b|\bthe (?:opposite|contrary|reverse) of\b",
    re.I,
)
_RELATIVE = re.compile(r"\w\s+(?:that|which|who|whose|where)\b", re.I)
_NOT_ONLY = re.compile(
    r"\bnot (only|just|merely|simply|solely)\b(?=.*\b(?:but|also|too|as well)\b)", re.I
)
_FORWARD = re.compile(
    r"\b(?:n[o0]t|no|none|neither|nor|without|nothing|nobody|instead of|rather than|except|unlike"
    r"|no one|contrary to|as opposed to|lacks?|lacking|absence of)\b",
    re.I,
)
_FALSE = (
    r"(?:false|wrong|untrue|incorrect|mistaken|nonsense|rubbish|impossible|inaccurate|invalid"
    r"|(?:a |an )?(?:common )?(?:myth|lie|mistake|misconception|error|falsehood|fallacy))"
)
_BE = r"(?:is|was|are|were|would be|be|seems|sounds|remains)"
_ADVERBS = r"(?:(?:\w+ly|simply|just|quite|of course|all|also|very|totally)\s+)*"
_BELIEF = r"(?:think|believe|agree|accept|claim|say|suppose|assume|mean|suggest|find|hold|see)"
_WHOLE = (
    # It is false that …, It's wrong to say that …, It is not true that …, That … is a myth
    re.compile(
        r"(?<!\bif )(?<!\bwhen )(?<!\bwhere )(?<!\bbecause )(?<!\bsince )(?<!\bwhether )(?<!\bas )"
        rf"\b(?:it|this|that|what follows|the following)(?:'s|\s+{_BE})\s+{_ADVERBS}"
        rf"(?:{_FALSE}|(?P<odd>not\s+{_ADVERBS}{_FALSE})|n[o0]t\s+{_ADVERBS}(?:true|correct|right|"
        r"the case|so|accurate|a fact|valid|possible))\b",
        re.I,
    ),
    re.compile(
        r"\bit\s?(?:isn't|wasn't|isnt)\s+(?:true|correct|right|the case|so|accurate|a fact)\b", re.I
    ),
    re.compile(rf"\b(?:i|we|you|one|people)\s+(?:do not|don't|dont|never|can't|cannot|would not|wouldn't)\s+{_BELIEF}\b", re.I),
    re.compile(r"\b(?:i|we|you|one|experts?)\s+(?:doubt|deny|disagree|reject|dispute|refute)\b", re.I),
    re.compile(rf"\b(?:nobody|no one|no-one|no expert|no book)\s+{_BELIEF}s?\b", re.I),
    re.compile(r"\bthere is no (?:way|evidence|reason|truth|proof)\b", re.I),
    re.compile(r"\b(?:the opposite|the reverse|the contrary) (?:is|of what)\b.*\b(?:true|the case|that)\b", re.I),
    re.compile(r"^\s*(?:false|wrong|incorrect|untrue|not true|lie)\s*:", re.I),
    re.compile(r"\b(?:not|n't)\s*[.!]*$", re.I),
)  # fmt: skip
# The same where what is denied stands before the denying words: only these go.
_ENCLOSING = (
    re.compile(
        r"\b(?:the|any|this|that)\s+(?:claim|statement|idea|belief|assertion|notion|sentence|view)"
        rf"\s+that\b.*\b{_BE}\s+{_ADVERBS}(?:{_FALSE}|not true|not correct|not right)\b", re.I
    ),
    re.compile(
        rf"^that\b[^,;]*\b{_BE}\s+{_ADVERBS}(?:{_FALSE}|not true|not the case|not correct)\b", re.I
    ),
    re.compile(
        rf"^[^,;:]{{30,}}\b{_BE}\s+{_ADVERBS}(?:{_FALSE}|not true|not the case|not correct)\s*[.!]*$",
        re.I,
    ),
    re.compile(
        rf",\s*(?:and |but )?(?:which|this|that|it)(?:'s|\s+{_BE})\s+{_ADVERBS}"
        rf"(?:{_FALSE}|not true|not the case|not correct)\s*[.!]*$",
        re.I,
    ),
)  # fmt: skip
_DENYING = re.compile(
    rf"(?:\b{_BE}|'s)\s+{_ADVERBS}(?:{_FALSE}|not true|not the case|not correct|not right)\b", re.I
)
_ALL_BEFORE = re.compile(
    r"^\W*(?:(?:but|and|well|actually|in fact|sorry)\W+)*(?:"
    r"(?:no|not|nope|wrong|false|just kidding|i was joking|kidding|i lied|that was a lie)\W*$"
    rf"|(?:none|nothing) of (?:this|that|these|it|the above|what i (?:said|wrote)).*$"
    rf"|(?:all|everything|each|both|all of (?:this|that|it)|everything above|the above|all the above"
    rf"|everything i (?:said|wrote)|what i (?:said|wrote)|the statements? above|this statement"
    rf"|all of the above|these statements|this|that|it|those)"
    rf"(?:'s|\s+{_BE}|\s+isn't|\s+aren't)\s+{_ADVERBS}"
    rf"(?:{_FALSE}|(?:not\s+)?{_ADVERBS}(?:true|correct|the case|right))\W*$"
    r"|(?:the )?(?:exact )?(?:opposite|reverse|contrary)(?: of (?:this|that|it|the above))? "
    r"(?:is|holds|would be).*$|said (?:nobody|no one)\b.*$|(?:please )?read (?:this|that) in reverse.*$)",
    re.I,
)
_ALL_AFTER = re.compile(
    r"\b(?:none of the following|the following (?:is|are|statements? (?:is|are)|sentences? (?:is|are))"
    rf"(?: all| both)?\s+{_ADVERBS}(?:{_FALSE}|not true|not correct)|nothing of what follows"
    r"|(?:here are|these are|here is|this is) (?:some |two |a |an |the )?(?:wrong|false|incorrect|untrue)\b)",
    re.I,
)
_UNKNOWN = re.compile(
    r"\b(?:i|we)\s+(?:do not|don't|dont|cannot|can't)\s+(?:know|remember|recall|understand)\b"
    r"|\bno idea\b|\bnot sure (?:if|whether)\b|\bi (?:wonder|forgot)\b",
    re.I,
)


@dataclass(frozen=True)
class Word:
    """One word as it is meant; `denied` says that the text says no to it."""

    word: str
    stem: str
    clause: int
    denied: bool

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
        if _ALL_BEFORE.search(sentence) and not _says_true(sentence):
            found = [_turned(earlier) for earlier in found]
            continue
        read_one = _read(sentence)
        if turned_after:
            read_one = _turned(read_one)
        elif _ALL_AFTER.search(sentence):
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
    words = tuple(replace(word, denied=not word.denied) for word in sentence.words)
    return replace(sentence, words=words, denials=sentence.denials + 1)


def _read(sentence: str) -> Sentence:
    whole, rest = _whole(_NOT_ONLY.sub(r"\1", sentence))
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
    asserted = not sentence.rstrip("\"') ").endswith("?") and not _UNKNOWN.search(sentence)
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
    for pattern in _WHOLE:
        match = pattern.search(rest)
        if match:
            count += not match.groupdict().get("odd")
            rest = re.sub(r"^\W*that\b", " ", rest.replace(match[0], " ", 1).strip(), flags=re.I)
    if any(pattern.search(rest.strip()) for pattern in _ENCLOSING):
        count, rest = count + 1, _DENYING.sub(" ", rest)
    return count, rest


def _end(plain: str, start: int) -> int:
    """Where what a verb within a relative clause denies ends: at the next one's "and"."""
    found = plain.find(" and ", start)
    return found if found >= 0 else len(plain)


def _clause(clause: str, number: int, turned: bool) -> tuple[list[Word], int]:
    plain = _NO_DENIAL.sub(lambda m: "_" * len(m[0]), clause)
    whole, spans = 0, []
    for match in _PREDICATE.finditer(plain):
        # "actions that hardly occur" denies nothing of the actions.
        if _RELATIVE.search(plain[: match.start()]):
            spans.append((match.end(), _end(plain, match.end())))
        else:
            whole += 1
        plain = plain[: match.start()] + "_" * len(match[0]) + plain[match.end() :]
    spans += [(match.end(), len(plain)) for match in _FORWARD.finditer(plain)]
    words = []
    lowered = clause.lower()
    position = 0
    for word in texts.words(clause):
        at = lowered.find(word, position)
        at = position if at < 0 else at
        position = at + len(word)
        denials = whole + sum(start <= at < end for start, end in spans) + turned
        words.append(Word(word, texts.stem(word), number, denials % 2 == 1))
    return words, whole + len(spans)
