"""Its advice passes the product's own checks, and its JSON is what the schema says."""

import json
import random
from typing import Any

import jsonschema
import pytest
from django.conf import settings
from hypothesis import given, strategies

from exercises import prompts as exercise_prompts
from exercises.generation import whole
from learning_assistant.ollama import Completion
from resources import prompts
from resources.rag import advice
from tests.load.card import tokens_of
from tests.load.queries import questions
from tests.load.saying import USUAL_TOKENS, UnsupportedSchema, say

USER = [{"role": "user", "content": "Find AI/ML resources for: gradient descent"}]
TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 3, "maxLength": 12},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}, "maxItems": 2},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
            "required": ["name", "next"],
        }
    },
}
ODD = {
    "type": "object",
    "properties": {
        "even": {"type": "integer", "minimum": 3, "maximum": 9, "multipleOf": 2},
        "below": {"type": "integer", "exclusiveMaximum": 1, "minimum": -5},
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "word": {"enum": ["a", "b"]},
        "pair": {"type": "array", "prefixItems": [{"const": 1}, {"type": "null"}], "items": False},
        "many": {"type": "array", "items": {"type": ["string", "null"]}, "minItems": 4},
    },
    "required": ["even", "below", "share", "word", "pair", "many"],
}


def catalogue() -> list[dict[str, Any]]:
    lines = [
        json.loads(line)
        for path in sorted(settings.STARTER_CATALOGUE.glob("*.jsonl"))
        if path.stem != "topics"
        for line in path.read_text().splitlines()
    ]
    return [line for line in lines if line.get("summary")]


def test_advice_for_the_whole_catalogue_passes_the_checks() -> None:
    asked, dice, faults, longest = questions(), random.Random(1), [], 0
    for resource in catalogue():
        reason = dice.choice([*resource.get("facets", []), resource["summary"].split(". ")[0]])
        shown = {"authors": [], "topics": [], "level": None} | resource | {"reason": reason}
        query = next(asked)
        text = say(prompts.advice(query, shown), None)
        checked = advice.check(Completion(text, 20, 70.0), query, shown)
        longest = max(longest, tokens_of(text) + 1)
        if checked.fault:
            faults.append((checked.fault, text, reason))
    assert not [f"{f[0]} | {f[1]} | {f[2]}" for f in faults]
    assert longest <= prompts.ADVICE_TOKENS


@given(strategies.text(max_size=300), strategies.text(max_size=300))
def test_whatever_is_asked_it_says_something(question: str, said: str) -> None:
    assert say(prompts.advice(question, {"reason": said}), None).strip()


@pytest.mark.parametrize("type_", ["multiple_choice", "short_answer", "cloze", "coding"])
def test_exercises_have_the_shape_that_the_product_wants(type_: str) -> None:
    schema = whole.schema(type_)
    messages = exercise_prompts.whole(type_, "Momentum keeps a mean.", "optimisation", "beginner")
    jsonschema.validate(json.loads(say(messages, schema)), schema)


@pytest.mark.parametrize("schema", [TREE, ODD, exercise_prompts.choice_schema(4), {"type": "null"}])
def test_json_obeys_its_schema(schema: dict[str, Any]) -> None:
    for number in range(50):
        messages = [{"role": "user", "content": f"question {number} about trees"}]
        jsonschema.validate(json.loads(say(messages, schema)), schema)


def test_json_without_a_schema_is_an_object() -> None:
    assert isinstance(json.loads(say(USER, "json")), dict)


def test_a_schema_beyond_it_is_refused() -> None:
    with pytest.raises(UnsupportedSchema, match="uniqueItems"):
        say(USER, {"type": "array", "uniqueItems": True})


def test_an_open_question_gets_an_answer_of_the_usual_length() -> None:
    assert tokens_of(say(USER, None)) == pytest.approx(USUAL_TOKENS, abs=2)


def test_the_same_question_gets_the_same_answer() -> None:
    assert say(USER, None) == say(USER, None)
    assert say(USER, None) != say([USER[0] | {"content": "something else"}], None)
