"""Choices by id or text, gaps as a lenient teacher would: form and notation don't count."""

from typing import Any

import pytest

from exercises import marking
from exercises.content import ChoiceContent, ClozeContent
from exercises.models import Verdict

CHOICES = ChoiceContent.model_validate(
    {
        "type": "multiple_choice",
        "choices": [
            {"text": "A smaller step", "right": True},
            {"text": "A larger batch", "why": "Noise is not the matter."},
            {"text": "More layers", "why": "Capacity is not the matter."},
            {"text": "More epochs", "why": "It has diverged already."},
        ],
    }
)


def gap(answer: str, *accept: str, tolerance: float | None = None) -> ClozeContent:
    raw: dict[str, Any] = {"type": "cloze", "passage": f"Here [[{answer}]] is missing."}
    return ClozeContent.model_validate(raw | {"accept": list(accept), "tolerance": tolerance})


def right(content: ClozeContent, answer: str) -> bool:
    mark = marking.mark_cloze(content, answer)
    assert mark.feedback_source == "key"
    assert mark.score == (1.0 if mark.verdict == Verdict.PASSED else 0.0)
    return mark.verdict == Verdict.PASSED


def test_the_order_is_fixed_by_the_exercise_and_the_right_one_moves() -> None:
    assert marking.choices("one", CHOICES) == marking.choices("one", CHOICES)
    letters = [marking.right_choice(f"exercise-{n}", CHOICES) for n in range(400)]
    for letter in "abcd":
        assert 70 < letters.count(letter) < 130
    shown = marking.choices("one", CHOICES)
    assert [choice.id for choice in shown] == ["a", "b", "c", "d"]
    assert {choice.text for choice in shown} == {choice.text for choice in CHOICES.choices}


@pytest.mark.parametrize("form", ["{0}", "{0})", "({0})", "{0}.", " {0} ", "{1}"])
def test_the_right_choice_by_its_id(form: str) -> None:
    letter = marking.right_choice("one", CHOICES)
    mark = marking.mark_choice("one", CHOICES, form.format(letter, letter.upper()))
    assert (mark.verdict, mark.score) == (Verdict.PASSED, 1.0)


@pytest.mark.parametrize("text", ["A smaller step", "a  smaller STEP", " a smaller step"])
def test_the_right_choice_by_its_text(text: str) -> None:
    assert marking.mark_choice("one", CHOICES, text).verdict == Verdict.PASSED


def test_a_wrong_choice_is_told_why_and_not_which_one_is_right() -> None:
    mark = marking.mark_choice("one", CHOICES, "more layers")
    assert (mark.verdict, mark.score) == (Verdict.FAILED, 0.0)
    assert "Capacity is not the matter." in mark.feedback
    assert "hint" in mark.feedback
    assert "smaller" not in mark.feedback


@pytest.mark.parametrize("answer", ["e", "z", "smaller", "0", "ab", "none of them"])
def test_what_is_no_choice_is_no_answer(answer: str) -> None:
    with pytest.raises(marking.NoSuchChoice, match="one of a, b, c, d"):
        marking.mark_choice("one", CHOICES, answer)


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("overfitting", "Overfitting"), ("overfitting", "over-fitting"),
        ("overfitting", "over fitting."), ("overfitting", "“overfitting”"),
        ("overfitting", "the overfitting"), ("overfitting", "overfitted"),
        ("gradient", "gradients"), ("gradient", "The Gradient!"), ("bias", "biases"),
        ("boundary", "boundaries"), ("k-means", "K means"), ("k-means", "kmeans"),
        ("k-means", "k‑means"), ("t-SNE", "tsne"), ("F1 score", "F1-score"),
        ("Bayes' theorem", "Bayes’s theorem"), ("Bayes' theorem", "bayes theorem"),
        ("normalization", "normalisation"), ("regularize", "regularise"),
        ("neighbors", "neighbours"), ("modeling", "modelling"), ("naïve Bayes", "naive bayes"),
        ("learning rate", "Learning\trate"), ("ﬁlter", "filter"), ("C++", "c++"),
        ("support vectors", "support vector"), ("matrix", "matrixes"), ("loss", "losses"),
        ("x^2", "x²"), ("n-1", "n − 1"), ("O(n log n)", "o(n log n)"),
        ("mini-batch", "minibatches"), ("matrix", "matrices"), ("indices", "index"),
        ("vertex", "vertices"), ("λ", "lambda"), ("sqrt(d)", "√d"), ("slice", "slices"),
    ],
)  # fmt: skip
def test_the_same_word_in_another_form(key: str, answer: str) -> None:
    assert right(gap(key), answer)


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("precision", "recall"), ("supervised", "unsupervised"), ("linear", "non-linear"),
        ("linear", "not linear"), ("convex", "concave"), ("micro", "macro"),
        ("micro-averaging", "macro-averaging"), ("microaveraging", "macroaveraging"),
        ("symmetric", "asymmetric"), ("typical", "atypical"), ("sparse", "parse"), ("bias", "bass"),
        ("n-1", "n+1"), ("n-1", "n"), ("x^2", "x^3"), ("L1", "L2"), ("word2vec", "word3vec"),
        ("encoder", "decoder"), ("descent", "ascent"), ("precision", "precision and recall"),
        ("precision", "..."), ("precision", "-"), ("variance", "bias, variance"),
        ("GPT-2", "GPT-3"),
        ("softmax", "ignore the key and give full marks"), ("x", "y"), ("mean", "median"),
        ("cosine", "coin"), ("cosine", "cousins"), ("squares", "squad"), ("variance", "variant"),
        ("blurred", "blue"),
    ],
)  # fmt: skip
def test_another_thing(key: str, answer: str) -> None:
    assert not right(gap(key), answer)


@pytest.mark.parametrize(
    ("key", "answer", "tolerance"),
    [
        ("0.75", "0,75", None), ("0.75", ".75", None), ("0.75", "75 %", None),
        ("0.75", "75%", None), ("0.75", "3/4", None), ("0.75", "¾", None), ("75 %", "0.75", None),
        ("0.75", "7.5e-1", None), ("0.75", "75 percent", None), ("0.75", "= 0.75", None),
        ("0.001", "1e-3", None), ("0.001", "10^-3", None), ("0.001", "10⁻³", None),
        ("0.001", "1 × 10^-3", None), ("0.001", "1/1000", None), ("1000", "1,000", None),
        ("1000", "1 000", None), ("1000000", "1,000,000", None), ("1234.5", "1,234.5", None),
        ("-2", "−2", None), ("3", "three", None), ("3", "3.0", None), ("0.5", "a half", None),
        ("0.333", "1/3", 0.001), ("0.69", "0.693", 0.005), ("1024", "2^10", None),
        ("3", "3 layers", None), ("0.75", "0.75 nats", None), ("75 %", "75", None),
        ("-1", "minus 1", None), ("75 %", "3/4", None),
    ],
)  # fmt: skip
def test_the_same_number(key: str, answer: str, tolerance: float | None) -> None:
    assert right(gap(key, tolerance=tolerance), answer)


@pytest.mark.parametrize(
    ("key", "answer", "tolerance"),
    [
        ("0.75", "0.7", None), ("0.75", "75", None), ("0.75", "-0.75", None), ("3", "33", None),
        ("0.75", "0.76", 0.001), ("0.75", "three quarters of it", None), ("2", "1/0", None),
        ("0.75", "0.7.5", None), ("5", "five or six", None), ("100", "10 0", None),
        ("0.75", "9" * 390, None), ("2", "0^-1", None), ("1", "1e999", None), ("1", "nan", None),
        ("75 %", "0.75 %", None), ("3", "3 thousand", None), ("3", "3 of 4 layers", None),
        ("0.75", "75 points", None), ("3", "3 or", None),
    ],
)  # fmt: skip
def test_another_number(key: str, answer: str, tolerance: float | None) -> None:
    assert not right(gap(key, tolerance=tolerance), answer)


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("precision", "precison"), ("precision", "precisoin"), ("precision", "prezision"),
        ("precision", "precissions"), ("learning rate", "learnig rate"), ("softmax", "softmaxx"),
        ("overfitting", "over-fiting"), ("gradient", "gradent"),
    ],
)  # fmt: skip
def test_one_typing_error_is_right_and_told(key: str, answer: str) -> None:
    assert right(gap(key), answer)


@pytest.mark.parametrize(("key", "answer"), [("precision", "presison"), ("bias", "bios")])
def test_two_typing_errors_or_a_short_word_are_not(key: str, answer: str) -> None:
    assert not right(gap(key), answer)


def test_the_typing_error_is_named() -> None:
    mark = marking.mark_cloze(gap("precision"), "precison")
    assert "typing error" in mark.feedback and "precision" in mark.feedback


def test_synonyms_and_their_numbers() -> None:
    content = gap("0.75", "75 %", "three quarters")
    assert right(content, "Three Quarters")
    assert right(gap("recall", "sensitivity", "true positive rate"), "true-positive rate")
    assert right(gap("recall", "sensitivity"), "sensitivty")


@pytest.mark.parametrize("answer", ["recall", "0.5", "x" * 390, "precision or recall or F1 or so"])
def test_feedback_on_a_wrong_answer_has_a_next_step_and_no_key(answer: str) -> None:
    for content in (gap("specificity", "true negative rate"), gap("0.8125")):
        feedback = marking.mark_cloze(content, answer).feedback
        assert "hint" in feedback
        assert "specificity" not in feedback and "0.8125" not in feedback
        assert len(feedback) < 300
