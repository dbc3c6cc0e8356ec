"""Three short-answer exercises that tests grade: content and prompt of each."""

from exercises.content import ShortContent

GRADIENT = ShortContent.model_validate(
    {
        "type": "short_answer",
        "reference": "The gradient points in the direction in which the loss grows fastest, so "
        "going against it lowers the loss. The learning rate sets how long each step is.",
        "rubric": [
            {
                "point": "the gradient points to where the loss grows fastest, so its opposite "
                "leads down",
                "accepts": [
                    "the gradient points uphill so we go the other way",
                    "moving against the gradient decreases the loss",
                ],
                "terms": [
                    ["gradient"],
                    ["uphill", "increase", "grow", "ascent", "decrease", "lower"],
                    ["opposite", "against", "minus", "negative", "down", "other way"],
                ],
                "refutes": ["the gradient points to the minimum"],
            },
            {
                "point": "the learning rate sets the size of each step",
                "accepts": ["the learning rate controls how far we move in one update"],
                "terms": [["learning rate"], ["size", "far", "length", "big", "long", "scale"]],
                "refutes": [
                    "the learning rate is how many steps are taken",
                    "the learning rate is the share of correct answers",
                ],
            },
        ],
    }
)
GRADIENT_PROMPT = (
    "Gradient descent subtracts the gradient from the weights. Why subtract, and what does the "
    "learning rate do?"
)
TEST_SET = ShortContent.model_validate(
    {
        "type": "short_answer",
        "reference": "A test set shows how well the model does on new cases. If it is used again "
        "and again to choose between models, its figure becomes too optimistic.",
        "rubric": [
            {
                "point": "the test set measures how well the model does on new data",
                "accepts": ["it shows how the model performs on unseen data"],
                "terms": [
                    ["new", "unseen", "generalize", "future"],
                    ["case", "data", "model", "well", "example"],
                ],
                "refutes": ["the test set gives the model additional rows to learn from"],
            },
            {
                "point": "choosing by it again and again makes its figure too optimistic",
                "accepts": ["tuning on the test set overfits to it"],
                "terms": [
                    ["choose", "tune", "select", "adapt", "decide", "pick", "repeat"],
                    ["optimistic", "overfit", "bias", "too good", "lucky"],
                ],
                "refutes": ["looking at it often makes its figure more exact"],
            },
        ],
    }
)
TEST_SET_PROMPT = (
    "Why is part of the data kept aside as a test set, and why should it be looked at just once?"
)
EIGENVECTOR = ShortContent.model_validate(
    {
        "type": "short_answer",
        "reference": "The direction of the arrow stays the same when the matrix is applied. The "
        "arrow is stretched to three times its length.",
        "rubric": [
            {
                "point": "the direction of the vector stays the same",
                "accepts": [
                    "it keeps pointing in the same direction",
                    "it is not rotated, its direction is unchanged",
                ],
                "terms": [
                    ["direction", "line", "point"],
                    ["same", "keep", "stay", "unchanged", "remain", "preserve"],
                ],
                "refutes": ["the vector is rotated to a new direction"],
            },
            {
                "point": "its length is multiplied by 3",
                "accepts": ["it becomes three times as long", "its length is tripled"],
                "terms": [
                    ["stretch", "scale", "triple", "times", "factor", "multiply"],
                    ["three", "3", "triple"],
                ],
                "refutes": ["its length stays as it was"],
            },
        ],
    }
)
EIGENVECTOR_PROMPT = (
    "`v` is an eigenvector of the matrix `A` with eigenvalue 3. Describe in a picture, without "
    "formulas, what `A` does to `v`."
)
ALL = {
    "gradient": (GRADIENT, GRADIENT_PROMPT),
    "test set": (TEST_SET, TEST_SET_PROMPT),
    "eigenvector": (EIGENVECTOR, EIGENVECTOR_PROMPT),
}
