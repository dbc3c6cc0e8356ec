import pytest

from exercises.grading import short
from exercises.models import Verdict
from tests.exercises import rubrics

RIGHT = {
    "gradient": [
        "Because the gradient points uphill, we go in the opposite direction. The learning rate "
        "says how big the step is.",
        "moving against the gradient decreases the loss. the learning rate controls how far "
        "we move in one update",
        "The gradient is the direction of steepest ascent of the loss and subtracting it takes us "
        "down; the learning rate scales the step.",
    ],
    "test set": [
        "It shows how the model performs on unseen data. If you tune on it, you overfit to it.",
        "With new cases you see whether the model generalizes. Repeatedly selecting models by it "
        "gives a biased, overly optimistic number.",
    ],
    "eigenvector": [
        "It keeps pointing in the same direction and becomes three times as long.",
        "The arrow isn't rotated, its direction is unchanged, but its length is tripled.",
        "The direction stays the same, and it's streched by a factor of 3.",
    ],
}
ANSWERS = [(name, answer) for name, answers in RIGHT.items() for answer in answers]


@pytest.fixture(params=["model server", "none"])
def server(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("services" if request.param == "model server" else "no_model_server")


@pytest.mark.parametrize(("name", "answer"), ANSWERS)
def test_right_answers_in_other_words_pass(server: None, name: str, answer: str) -> None:
    content, prompt = rubrics.ALL[name]
    mark = short.mark(content, prompt, answer, seconds=5)
    assert (mark.verdict, mark.score) == (Verdict.PASSED, 1.0), mark.details


@pytest.mark.parametrize("name", rubrics.ALL)
def test_the_reference_passes(server: None, name: str) -> None:
    content, prompt = rubrics.ALL[name]
    assert short.mark(content, prompt, content.reference, seconds=5).verdict == Verdict.PASSED


@pytest.mark.parametrize("name", rubrics.ALL)
def test_a_clause_that_is_accepted_makes_its_point_and_no_other(server: None, name: str) -> None:
    content, prompt = rubrics.ALL[name]
    for number, point in enumerate(content.rubric):
        for accept in point.accepts:
            mark = short.mark(content, prompt, accept, seconds=5)
            made = [p["made"] for p in mark.details["points"]]
            assert made == [k == number for k in range(len(made))], accept


@pytest.mark.parametrize("name", rubrics.ALL)
def test_what_contradicts_a_point_does_not_make_it(server: None, name: str) -> None:
    content, prompt = rubrics.ALL[name]
    for point in content.rubric:
        for refute in point.refutes:
            assert short.mark(content, prompt, refute, seconds=5).score == 0.0, refute


def test_half_of_it_tells_what_is_right_and_what_is_missing(no_model_server: None) -> None:
    answer = "The learning rate sets how long each step is."
    mark = short.mark(rubrics.GRADIENT, rubrics.GRADIENT_PROMPT, answer)
    assert (mark.verdict, mark.score, mark.feedback_source) == (Verdict.PARTLY, 0.5, "rubric")
    assert "You say that the learning rate sets the size of each step." in mark.feedback
    assert "Still missing: the gradient points to where the loss grows fastest" in mark.feedback


def test_a_score_is_the_share_of_the_weights(no_model_server: None) -> None:
    heavy = rubrics.GRADIENT.model_dump()
    heavy["rubric"][1]["weight"] = 3
    content = type(rubrics.GRADIENT).model_validate(heavy)
    mark = short.mark(content, rubrics.GRADIENT_PROMPT, "the learning rate is how big a step is")
    assert mark.score == 0.75


def test_without_the_model_server_words_decide_and_say_so(no_model_server: None) -> None:
    content, prompt = rubrics.ALL["gradient"]
    mark = short.mark(content, prompt, "The network has many layers of neurons.")
    assert mark.verdict == Verdict.FAILED
    assert mark.details["by"] == "words"
