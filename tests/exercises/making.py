"""Making published exercises of each type, straight in the database, and practising them."""

import itertools
from typing import Any

from django.test import Client
from django.utils import timezone

from exercises import marking
from exercises.content import ChoiceContent, content_hash, read_content
from exercises.models import Exercise, ExerciseState
from resources.models import Topic

API = "/api/learning"
_numbers = itertools.count(1)


def topic(slug: str = "optimization", parent: str = "") -> Topic:
    above = topic(parent) if parent else None
    made, _ = Topic.objects.get_or_create(slug=slug, defaults={"name": slug, "parent": above})
    return made


def _make(type_: str, prompt: str, content: dict[str, Any], **values: Any) -> Exercise:
    number = next(_numbers)
    about: dict[str, Any] = {
        "slug": f"exercise-{number}",
        "topic": topic(values.pop("topic", "optimization")),
        "level": "beginner",
        "explanation": f"Explanation-{number}, which comes at the end.",
        "hints": [f"Nudge-{number}", f"Push-{number}", f"Shove-{number}"],
        "state": ExerciseState.PUBLISHED,
        "published_at": timezone.now(),
    } | values
    content = read_content({"type": type_} | content).model_dump(mode="json")
    return Exercise.objects.create(
        type=type_, prompt=prompt, content=content,
        content_hash=content_hash(prompt, about["hints"], content), **about,
    )  # fmt: skip


def choice(prompt: str = "", **values: Any) -> Exercise:
    """Its right choice is `Right-N`, the others `Wrong-N-1` to `-3`, with `Why-N-1` to `-3`."""
    n = next(_numbers)
    wrong = [{"text": f"Wrong-{n}-{i}", "why": f"Why-{n}-{i}."} for i in (1, 2, 3)]
    content = {"choices": [{"text": f"Right-{n}", "right": True}, *wrong]}
    return _make("multiple_choice", prompt or f"Which one is it, {n}?", content, **values)


def cloze(answer: str = "", passage: str = "", **values: Any) -> Exercise:
    n = next(_numbers)
    answer = answer or f"keyword{'abcdefghij'[n % 10]}{n}"
    more = {k: values.pop(k) for k in ("accept", "tolerance") if k in values}
    content = {"passage": f"{passage or f'Passage {n}'} has [[{answer}]] in it."} | more
    return _make("cloze", "Fill in the gap.", content, **values)


def short(**values: Any) -> Exercise:
    n = next(_numbers)
    rubric = [
        {
            "point": f"Rubricpoint-{n} is said", "accepts": [f"rubricaccept-{n} it is"],
            "terms": [[f"rubricterm-{n}"]], "refutes": [f"rubricrefute-{n} it is not"],
        }
    ]  # fmt: skip
    content = {"reference": f"Reference-{n} is the full answer.", "rubric": rubric}
    return _make("short_answer", f"Why is it so, {n}?", content, **values)


def coding(**values: Any) -> Exercise:
    n = next(_numbers)
    numbers = [71_000_000 + 100 * n + i for i in range(3)]  # such as nothing else holds
    tests = [
        {"name": f"doubles {x}", "call": f"double({x})", "expected": str(2 * x)} for x in numbers
    ]
    content = {
        "entry_point": "double",
        "starter": "def double(x: int) -> int:\n    return x\n",
        "solution": f"def double(x: int) -> int:\n    secret_{n} = 2\n    return secret_{n} * x\n",
        "tests": tests,
    }
    return _make("coding", f"Write `double(x)`, task {n}.", content, **values)


MAKERS = {"multiple_choice": choice, "short_answer": short, "cloze": cloze, "coding": coding}


def right_answer(exercise: Exercise) -> str:
    content = read_content(exercise.content)
    if isinstance(content, ChoiceContent):
        return marking.right_choice(exercise.slug, content)
    keys = {"cloze": "answer", "short_answer": "reference", "coding": "solution"}
    return str(getattr(content, keys[content.type]))


def wrong_answer(exercise: Exercise) -> str:
    content = read_content(exercise.content)
    if isinstance(content, ChoiceContent):
        return next(c.text for c in content.choices if not c.right)
    return "def double(x):\n    return x\n" if content.type == "coding" else "something else"


def post(client: Client, path: str, body: Any, status: int = 200, **headers: str) -> Any:
    answer = client.post(
        f"{API}/{path}", body, content_type="application/json", headers=headers or None
    )
    assert answer.status_code == status, answer.content
    if status >= 400:
        assert answer["Content-Type"] == "application/problem+json"
    return answer.json()


def ask(client: Client, type_: str = "multiple_choice", session: str = "s", **more: Any) -> Any:
    """`POST exercises`."""
    return post(client, "exercises", {"exercise_type": type_, "session_id": session} | more)


def attempt(
    client: Client, exercise: Exercise | int, answer: str, session: str = "s",
    status: int = 200, **headers: str,
) -> Any:  # fmt: skip
    """`POST exercises/{id}/attempts`."""
    pk = exercise if isinstance(exercise, int) else exercise.pk
    body = {"session_id": session, "answer": answer}
    return post(client, f"exercises/{pk}/attempts", body, status, **headers)
