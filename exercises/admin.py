import tomllib
from typing import Any

import tomli_w
from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.forms import SimpleArrayField
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from exercises.content import HINTS, LINE, Malformed, read_content
from exercises.models import Attempt, Exercise, Practice, Proof, Review
from exercises.services import curation
from sessions.admin import ReadOnly


class ContentField(forms.CharField):
    """What the type of exercise wants, as the bank's files have it: in TOML code keeps its lines.

    Its shape is checked at once; its key is proven by a worker.
    """

    widget = forms.Textarea(attrs={"rows": 30, "cols": 100, "style": "font-family: monospace"})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return tomli_w.dumps(_without_nulls(value), multiline_strings=True)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return read_content(tomllib.loads(text)).model_dump(mode="json")
        except (tomllib.TOMLDecodeError, Malformed) as error:
            raise forms.ValidationError(str(error)) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except forms.ValidationError:
            return True


def _without_nulls(value: Any) -> Any:
    """TOML has no null: what is not there is left out."""
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(v) for v in value] if isinstance(value, list) else value


class ExerciseForm(forms.ModelForm[Exercise]):
    content = ContentField(
        help_text="TOML, as in the bank; exercises/bank/README.md tells what each type holds."
    )
    hints = SimpleArrayField(
        forms.CharField(max_length=LINE),
        delimiter="\n",
        min_length=HINTS,
        max_length=HINTS,
        widget=forms.Textarea(attrs={"rows": 5, "cols": 100}),
        help_text="Three lines, one for each step, from a nudge to nearly the answer.",
    )

    class Meta:
        widgets = {
            "prompt": forms.Textarea(attrs={"rows": 8, "cols": 100}),
            "explanation": forms.Textarea(attrs={"rows": 4, "cols": 100}),
        }


class ProofInline(admin.TabularInline[Proof, Exercise]):
    model = Proof
    extra = 0
    max_num = 0
    can_delete = False
    fields = ["created_at", "passed", "seconds", "told"]
    readonly_fields = ["created_at", "passed", "seconds", "told"]
    verbose_name_plural = "proofs"

    @admin.display(description="checks")
    def told(self, proof: Proof) -> SafeString:
        rows = [
            ("✔" if check["passed"] else "✘", check["name"], check["detail"])
            for check in proof.checks
        ]
        return format_html_join("", "<div>{} {} <small>{}</small></div>", rows)


@admin.register(Exercise)
class ExerciseAdmin(admin.ModelAdmin[Exercise]):
    form = ExerciseForm
    list_display = ["slug", "type", "topic", "level", "state", "source", "proven", "updated_at"]
    list_filter = ["state", "type", "level", "source", "topic"]
    search_fields = ["slug", "prompt"]
    list_select_related = ["topic"]
    autocomplete_fields = ["resource"]
    inlines = [ProofInline]
    actions = ["publish", "retire", "prove_again"]
    fields = [
        ("slug", "state", "source"),
        ("topic", "level", "resource"),
        "prompt",
        "content",
        "explanation",
        "hints",
        "passage",
        ("model", "prompt_version"),
    ]
    readonly_fields = ["state", "source", "passage", "model", "prompt_version"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Exercise]:
        return super().get_queryset(request).prefetch_related("proofs")

    @admin.display(boolean=True)
    def proven(self, exercise: Exercise) -> bool | None:
        """Of the latest proof; unknown where that is about another content."""
        proofs = exercise.proofs.all()
        if not proofs or proofs[0].content_hash != exercise.content_hash:
            return None
        return proofs[0].passed

    def save_model(self, request: HttpRequest, obj: Exercise, form: Any, change: bool) -> None:
        if change and not form.has_changed():
            return
        if curation.save(obj):
            text = f"{obj} is a draft now and is being proven; publish it when its proof holds."
            self.message_user(request, text, messages.INFO)

    @admin.action(description="Publish those whose proof holds")
    def publish(self, request: HttpRequest, queryset: QuerySet[Exercise]) -> None:
        published = curation.publish(queryset.select_for_update().prefetch_related(None))
        self.message_user(request, f"{published.count} published")
        if published.unproven:
            names = ", ".join(published.unproven[:20])
            self.message_user(request, f"No proof that holds: {names}", messages.WARNING)

    @admin.action(description="Retire")
    def retire(self, request: HttpRequest, queryset: QuerySet[Exercise]) -> None:
        self.message_user(request, f"{curation.retire(queryset)} retired")

    @admin.action(description="Prove again")
    def prove_again(self, request: HttpRequest, queryset: QuerySet[Exercise]) -> None:
        self.message_user(request, f"{curation.prove_again(queryset)} are being proven")


@admin.register(Practice)
class PracticeAdmin(ReadOnly):
    list_display = ["exercise", "session", "served_at", "hints_taken", "solved_at"]
    list_select_related = ["exercise", "session"]


@admin.register(Attempt)
class AttemptAdmin(ReadOnly):
    list_display = ["created_at", "exercise", "verdict", "score", "feedback_source"]
    list_filter = ["verdict", "created_at"]
    list_select_related = ["practice__exercise"]

    @admin.display(ordering="practice__exercise")
    def exercise(self, attempt: Attempt) -> Exercise:
        return attempt.practice.exercise


@admin.register(Review)
class ReviewAdmin(ReadOnly):
    list_display = ["topic", "session", "due", "stability"]
    list_select_related = ["topic", "session"]
