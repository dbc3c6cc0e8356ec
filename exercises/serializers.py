"""What the endpoints under `exercises` take and give."""

import re
from typing import Any, ClassVar

from rest_framework import serializers

from exercises.models import ExerciseType, Source, Verdict
from exercises.services.attempts import LONGEST
from exercises.services.serving import REVIEW
from learning_assistant.fields import StrictSerializer, Text, WholeNumber, Word
from resources.models import Level
from resources.models.catalogue import TOPIC_LENGTH
from resources.serializers import TOPIC_HELP
from sessions.models import SESSION_ID_LENGTH

TYPES = [*ExerciseType.values, REVIEW]
# Other words for the types, in lower case, with "_" for what parts words.
ALIASES = {
    "mc": ExerciseType.MULTIPLE_CHOICE,
    "mcq": ExerciseType.MULTIPLE_CHOICE,
    "quiz": ExerciseType.MULTIPLE_CHOICE,
    "choice": ExerciseType.MULTIPLE_CHOICE,
    "multiplechoice": ExerciseType.MULTIPLE_CHOICE,
    "multiple_choice_question": ExerciseType.MULTIPLE_CHOICE,
    "qa": ExerciseType.SHORT_ANSWER,
    "q_a": ExerciseType.SHORT_ANSWER,
    "q_and_a": ExerciseType.SHORT_ANSWER,
    "question": ExerciseType.SHORT_ANSWER,
    "shortanswer": ExerciseType.SHORT_ANSWER,
    "question_and_answer": ExerciseType.SHORT_ANSWER,
    "questions_and_answers": ExerciseType.SHORT_ANSWER,
    "gap": ExerciseType.CLOZE,
    "fill_in_the_gap": ExerciseType.CLOZE,
    "fill_in_the_blank": ExerciseType.CLOZE,
    "code": ExerciseType.CODING,
    "coding_task": ExerciseType.CODING,
    "coding_tasks": ExerciseType.CODING,
    "coding_exercise": ExerciseType.CODING,
    "programming": ExerciseType.CODING,
}
TYPE_HELP = (
    "`multiple_choice`, `short_answer`, `cloze`, `coding`, or `review` for what is due. Case,"
    " blanks and `_-&/.` don't matter. Other words are taken too: `Q&A`, `qa` and `question` for"
    " `short_answer`; `coding task`, `code` and `programming` for `coding`; `mc`, `mcq`, `choice`"
    " and `quiz` for `multiple_choice`; `gap` and `fill in the blank` for `cloze`."
)
SESSION_HELP = "The client's own id of the learner's session, or one issued by `POST sessions`."


_BETWEEN = "[ _&/.-]"  # what may part words, or stand around them


def _type_pattern() -> str:
    """Every word for a type, in any case: what the OpenAPI document says is taken."""
    words = [
        f"{_BETWEEN}+".join("".join(f"[{c}{c.upper()}]" for c in part) for part in word.split("_"))
        for word in sorted({*TYPES, *ALIASES})
    ]
    return f"^{_BETWEEN}*({'|'.join(words)}){_BETWEEN}*$"


class TypeWord(Text):
    """A type of exercise, in one of the words for it."""

    documented: ClassVar[dict[str, Any]] = {
        "anyOf": [{"enum": [str(word) for word in TYPES]}, {"pattern": _type_pattern()}]
    }

    def to_internal_value(self, data: Any) -> str:
        given = super().to_internal_value(data)
        words = re.sub(f"{_BETWEEN}+", "_", given.lower()).strip("_")
        known = ALIASES.get(words, words)
        if known not in TYPES or not given.isascii():  # "K" of kelvin is a "k" in lower case
            raise serializers.ValidationError(
                f"must be one of {', '.join(TYPES)}; {given[:100]!r} was sent",
                code="invalid_choice",
            )
        return str(known)


def session_id() -> Text:
    return Text(max_length=SESSION_ID_LENGTH, help_text=SESSION_HELP)


class ExerciseQuery(StrictSerializer):
    """Refuses fields that it doesn't know."""

    exercise_type = TypeWord(max_length=60, help_text=TYPE_HELP)
    session_id = session_id()
    topic = Text(max_length=TOPIC_LENGTH, required=False, help_text=TOPIC_HELP)
    level = Word(
        choices=Level.choices,
        required=False,
        help_text="Without it the level fits what the session has mastered of the topic.",
    )
    resource_id = WholeNumber(
        min_value=1,
        max_value=2**63 - 1,
        required=False,
        help_text="Exercises linked to this resource come first, then those of its topic.",
    )


class SessionOnly(StrictSerializer):
    session_id = session_id()


class AttemptAnswer(StrictSerializer):
    session_id = session_id()
    answer = Text(
        max_length=max(LONGEST.values()),
        trim_whitespace=False,  # code may begin with blanks
        help_text="Of `multiple_choice` the id of a choice or its text, of `cloze` what fills the"
        f" gap, of `short_answer` at most {LONGEST[ExerciseType.SHORT_ANSWER]:,} characters, of"
        f" `coding` the whole code, at most {LONGEST[ExerciseType.CODING]:,}.",
    )


class ShownChoice(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="`a`, `b`, …: always the same for this exercise.")
    text = serializers.CharField()


class LinkedResource(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    url = serializers.URLField()


class ShownExercise(serializers.Serializer[Any]):
    """Without its key, which comes once the exercise is over."""

    id = serializers.IntegerField()
    type = serializers.ChoiceField(choices=ExerciseType.choices)
    prompt = serializers.CharField(help_text="Markdown; of a cloze with the gap as `____`.")
    topic = serializers.SlugField()
    level = serializers.ChoiceField(choices=Level.choices)
    hints = serializers.IntegerField(help_text="How many there are.")
    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF's own name
        choices=Source.choices, help_text="The bank, a model's work that was proven, or staff."
    )
    repeat = serializers.BooleanField(help_text="Whether this session was served it before.")
    choices = ShownChoice(many=True, required=False, help_text="Of `multiple_choice` only.")
    starter_code = serializers.CharField(required=False, help_text="Of `coding` only.")
    resource = LinkedResource(required=False, help_text="What teaches it, where that is known.")


class ExerciseAnswer(serializers.Serializer[Any]):
    exercise = ShownExercise(
        allow_null=True, help_text="Null where nothing is due, or none of the type is published."
    )
    relaxed = serializers.ListField(
        child=serializers.ChoiceField(choices=["resource_id", "topic", "level"]),
        help_text="What the exercise does not have of what was asked for or fits the session.",
    )
    pool_empty = serializers.BooleanField(
        help_text="No exercise made by workers or staff was left here: it is the bank's, or none."
    )
    next_due = serializers.DateTimeField(
        allow_null=True, help_text="With `review`, when nothing is due: when something will be."
    )
    session_id = serializers.CharField()
    took_ms = serializers.IntegerField()


class CodeError(serializers.Serializer[Any]):
    """What kept a test from having a result."""

    type = serializers.CharField(help_text="`ZeroDivisionError`; or `time`, `memory`, `missing`, …")
    message = serializers.CharField()
    line = serializers.IntegerField(allow_null=True, help_text="Of the answer, where known.")
    source = serializers.CharField(  # type: ignore[assignment]  # DRF's own name
        help_text="That line; empty where it is not known."
    )


class CaseResult(serializers.Serializer[Any]):
    name = serializers.CharField()
    passed = serializers.BooleanField()
    expected = serializers.CharField(allow_null=True, required=False)
    got = serializers.CharField(allow_null=True, required=False)
    error = CodeError(allow_null=True, required=False)


class Solution(serializers.Serializer[Any]):
    solution = serializers.CharField()
    solution_choice = serializers.CharField(
        required=False, help_text="Of `multiple_choice`: the right choice's id."
    )
    explanation = serializers.CharField()


class Outcome(serializers.Serializer[Any]):
    attempt = serializers.UUIDField()
    correct = serializers.BooleanField(
        allow_null=True, help_text="Null where the answer could not be graded here."
    )
    score = serializers.FloatField(
        allow_null=True, help_text="0 to 1, a tenth of it taken off for each hint."
    )
    verdict = serializers.ChoiceField(choices=[v for v in Verdict.values if v != Verdict.PENDING])
    feedback = serializers.CharField()
    feedback_source = serializers.ChoiceField(choices=["tests", "key", "rubric", "model"])
    counted = serializers.BooleanField(
        help_text="Whether it counts for mastery and reviews: not when it could not be graded, nor"
        " after the exercise was over."
    )
    tests = CaseResult(many=True, required=False, help_text="Of `coding`, in order.")
    points = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="Of `short_answer`: its rubric's."
    )
    solution = serializers.CharField(
        required=False,
        help_text="Once it is over: solved, failed three times, or shown on request.",
    )
    solution_choice = serializers.CharField(
        required=False, help_text="Of `multiple_choice`, with `solution`: the right choice's id."
    )
    explanation = serializers.CharField(required=False, help_text="With `solution`.")
    next_review = serializers.DateTimeField(
        allow_null=True, help_text="When the exercise's topic is due again."
    )
    took_ms = serializers.IntegerField()


class Pending(serializers.Serializer[Any]):
    """The answer is kept and will be graded; `GET` the attempt for its outcome."""

    attempt = serializers.UUIDField()
    verdict = serializers.ChoiceField(choices=[Verdict.PENDING.value])
    correct = serializers.BooleanField(allow_null=True, help_text="Null.")
    score = serializers.FloatField(allow_null=True, help_text="Null.")
    feedback = serializers.CharField()
    took_ms = serializers.IntegerField()


class Hint(serializers.Serializer[Any]):
    hint = serializers.CharField()
    step = serializers.IntegerField(help_text="From 1.")
    of = serializers.IntegerField()
    score_left = serializers.FloatField(help_text="What a right answer is worth now, 0 to 1.")
    took_ms = serializers.IntegerField()


class Revealed(Solution):
    solved = serializers.BooleanField(help_text="Whether it was solved before it was shown.")
    counted = serializers.BooleanField(help_text="Whether it counted as not solved.")
    next_review = serializers.DateTimeField(allow_null=True)
    took_ms = serializers.IntegerField()
