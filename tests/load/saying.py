"""What the simulated model says: the words of its prompt, in the form that was asked for.

To the product's question for advice it phrases what is said about [1], as a good model would; to a
JSON Schema it gives an instance of it; to anything else a text as long as people usually get.
"""

import hashlib
import json
import random
import re
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any

from tests.load.card import CHARACTERS_A_TOKEN

# The average answer in LMSYS-Chat-1M, a million conversations of people with 25 chat models
# (Zheng et al. 2023, table 1): 214.5 tokens.
USUAL_TOKENS = 215
MOST_CHARACTERS = 105  # of what is said about [1]: with its opening at most 32 tokens
DEEPEST = 6  # levels of a schema that refers to itself
# What the product's schemas don't use; to pass over it would make answers that are not valid.
BEYOND = frozenset({"format", "uniqueItems", "not", "if", "contains", "minProperties"})

_ASKED = re.compile(r"\AQuestion: (?P<question>.*)\n\[1\]: (?P<said>.*)\Z")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_JOINT_LINES = (
    "a an and as at before but by for from how if in into of on or that the to what when where",
    "which who why with without",
)
_JOINTS = frozenset(word for line in _JOINT_LINES for word in line.split())
_OPENINGS = (
    "Start with [1], because it covers {}.",
    "Start with [1], because it explains {}.",
    "Start with [1], which is about {}.",
    "Begin with [1], because it is useful for {}.",
)
_VERB_OPENING = "Start with [1], because it {}."
_VERBS = frozenset(
    ("builds", "covers", "derives", "describes", "explains", "gives", "introduces", "shows")
    + ("teaches", "tells", "walks")
)
_GRAVE = re.compile(r"[<>*_`#{}|\\~^\[\]@]|https?:|www\.")


class UnsupportedSchema(Exception):
    """The schema asks for what is not simulated."""


def say(messages: Sequence[dict[str, str]], form: dict[str, Any] | str | None) -> str:
    """The answer to *messages*, the same each time; *form* is Ollama's `format`."""
    last = messages[-1]["content"]
    dice = random.Random(hashlib.sha256(last.encode()).digest())
    if form:
        schema = form if isinstance(form, dict) else {"type": "object"}
        return json.dumps(_Instances(schema, _WORD.findall(last), dice).of(schema))
    if asked := _ASKED.match(last):
        return advice(asked["said"], dice)
    return prose(_WORD.findall(last) or ["Nothing"], USUAL_TOKENS * CHARACTERS_A_TOKEN, dice)


def advice(said: str, dice: random.Random) -> str:
    """One sentence that recommends [1] by what is *said* about it."""
    first = re.split(r"(?<=[.!?;])\s", said, maxsplit=1)[0]
    words = [word for word in first.split() if not _GRAVE.search(word)]
    ends = accumulate(len(word) + 1 for word in words)
    cut = [word for word, end in zip(words, ends, strict=True) if end <= MOST_CHARACTERS]
    while cut and (len(cut) < len(words) or not cut[-1].isalnum()):
        bare = cut[-1].strip(".,:;!?()\"'“”").casefold()
        if bare and bare not in _JOINTS:
            break
        cut.pop()
    about = " ".join(cut).rstrip(".,:;!?") or "the question"
    if about[1:2].islower() or about[1:2] == " ":
        about = about[0].lower() + about[1:]
    opening = _VERB_OPENING if about.partition(" ")[0] in _VERBS else dice.choice(_OPENINGS)
    return opening.format(about)


def prose(words: Sequence[str], characters: int, dice: random.Random) -> str:
    """Sentences of *words*, about so many *characters*."""
    text = ""
    while len(text) < characters:
        sentence = " ".join(dice.choice(words) for _ in range(dice.randint(6, 14)))
        text += sentence.capitalize() + ". "
    return text[:characters].strip()


class _Instances:
    """Instances of the parts of a JSON Schema, with words of the prompt where it wants text."""

    def __init__(self, root: dict[str, Any], words: Sequence[str], dice: random.Random) -> None:
        self._root, self._words, self._dice = root, words or ["nothing"], dice

    def of(self, schema: dict[str, Any] | bool, depth: int = 0) -> Any:
        if isinstance(schema, bool):
            return None
        if beyond := BEYOND & schema.keys():
            raise UnsupportedSchema(f"{', '.join(sorted(beyond))} in a schema is not simulated")
        if "$ref" in schema:
            return self.of(self._at(schema["$ref"]), depth + 1)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._dice.choice(schema["enum"])
        for union in ("anyOf", "oneOf"):
            if union in schema:
                # Deep down the last one, which usually is `null`: it ends what refers to itself.
                chosen = schema[union][-1] if depth > DEEPEST else self._dice.choice(schema[union])
                return self.of(chosen, depth + 1)
        if "allOf" in schema:
            return self.of(dict(chain.from_iterable(s.items() for s in schema["allOf"])), depth)
        return self._typed(schema, depth)

    def _at(self, reference: str) -> Any:
        found: Any = self._root
        for step in filter(None, reference.removeprefix("#").split("/")):
            if not isinstance(found, dict) or step not in found:
                raise UnsupportedSchema(f"nothing is at {reference} of a schema")
            found = found[step]
        return found

    def _typed(self, schema: dict[str, Any], depth: int) -> Any:
        kind = schema.get("type", "object" if "properties" in schema else "string")
        match kind[-1] if isinstance(kind, list) and depth > DEEPEST else kind:
            case [*kinds]:
                return self._typed(schema | {"type": self._dice.choice(kinds)}, depth)
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "integer":
                return self._whole(schema)
            case "number":
                low, high = schema.get("minimum", 0), schema.get("maximum", 1)
                return round(self._dice.uniform(low, max(low, high)), 3)
            case "boolean":
                return self._dice.random() < 0.5
            case "null":
                return None
            case "string":
                return self._string(schema)
        raise UnsupportedSchema(f"there is no type {kind!r}")

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        needed = schema.get("required", [])
        return {
            name: self.of(part, depth + 1)
            for name, part in schema.get("properties", {}).items()
            if name in needed or depth < DEEPEST
        }

    def _array(self, schema: dict[str, Any], depth: int) -> list[Any]:
        fewest = schema.get("minItems", 0 if depth > DEEPEST else 1)
        most = min(schema.get("maxItems", fewest + 3), fewest + 3)
        first = [self.of(part, depth + 1) for part in schema.get("prefixItems", [])]
        more = max(self._dice.randint(fewest, max(fewest, most)) - len(first), 0)
        items = schema.get("items", {"type": "string"})
        return first + [self.of(items, depth + 1) for _ in range(more if items else 0)]

    def _whole(self, schema: dict[str, Any]) -> int:
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        high = schema.get("maximum", schema.get("exclusiveMaximum", low + 101) - 1)
        step = schema.get("multipleOf", 1)
        return int(self._dice.randint(-(-low // step), high // step) * step)

    def _string(self, schema: dict[str, Any]) -> str:
        if pattern := schema.get("pattern"):
            return self._matching(pattern)
        fewest, most = schema.get("minLength", 0), schema.get("maxLength", 160)
        text = prose(self._words, max(fewest, min(most, 60)), self._dice)
        return text[:most].ljust(fewest, "n")

    def _matching(self, pattern: str) -> str:
        try:
            fits = re.compile(pattern).search
        except re.error as error:
            raise UnsupportedSchema(f"the pattern {pattern!r} of a schema: {error}") from error
        for word in chain(self._words, map(str.lower, self._words), ("answer", "a", "A", "1", "")):
            if fits(word):
                return word
        raise UnsupportedSchema(f"no word matches the pattern {pattern!r} of a schema")
