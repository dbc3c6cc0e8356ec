"""One sound exercise of each type, as the bank's files hold it, and how it is written there."""

CHOICE = {
    "slug": "sign-of-a-step",
    "type": "multiple_choice",
    "topic": "optimization",
    "level": "beginner",
    "prompt": "In which direction does gradient descent move the weights?",
    "choices": [
        {"text": "Against the gradient", "right": True},
        {"text": "Along the gradient", "why": "That makes the loss larger."},
        {"text": "Across the gradient", "why": "That leaves the loss as it is."},
    ],
    "explanation": "The gradient points to where the loss grows, so the step goes the other way.",
    "hints": ["What is to become smaller?", "Where does the gradient point?", "Turn it round."],
}
CODING = {
    "slug": "double-a-number",
    "type": "coding",
    "topic": "optimization",
    "level": "beginner",
    "entry_point": "double_positive",
    "prompt": "Write a function that doubles a number above zero and returns zero for all others.",
    "starter": "def double_positive(x: int) -> int:\n    return x\n",
    "solution": (
        "def double_positive(x: int) -> int:\n    if x > 0:\n        return 2 * x\n    return 0\n"
    ),
    "tests": [
        {"name": "a number", "call": "double_positive(3)", "expected": "6"},
        {"name": "one", "call": "double_positive(1)", "expected": "2"},
        {"name": "below zero", "call": "double_positive(-2)", "expected": "0"},
    ],
    "explanation": "Twice the number where it is above zero, and nothing otherwise.",
    "hints": ["Two cases.", "Compare with zero first.", "Return early in one of them."],
}
CLOZE = {
    "slug": "name-of-the-step-size",
    "type": "cloze",
    "topic": "optimization",
    "level": "beginner",
    "passage": "How far gradient descent moves in each step is set by the [[learning rate]].",
    "accept": ["step size"],
    "explanation": "It is multiplied with the gradient before that is subtracted.",
    "hints": ["A number that you choose.", "Two words.", "The second word is rate."],
}
SHORT = {
    "slug": "why-against-it",
    "type": "short_answer",
    "topic": "optimization",
    "level": "beginner",
    "prompt": "What does the gradient tell, and what is the learning rate for?",
    "reference": (
        "The gradient points uphill, to where the loss grows fastest. "
        "The learning rate sets how long each step is."
    ),
    "rubric": [
        {
            "point": "the gradient points to where the loss grows fastest",
            "accepts": ["the gradient points uphill", "the gradient shows the steepest ascent"],
            "terms": [["point", "show", "tell"], ["uphill", "grow", "ascent", "increase"]],
            "refutes": ["the gradient points to the minimum"],
        },
        {
            "point": "the learning rate sets the length of a step",
            "accepts": ["the learning rate controls how far each update goes"],
            "terms": [["step", "update", "move"], ["long", "length", "size", "far", "big"]],
            "refutes": ["the learning rate is how many steps are taken"],
        },
    ],
    "explanation": "The gradient is the direction of steepest ascent.",
    "hints": ["Picture a hill.", "Where does it lead on that hill?", "And how far do you walk?"],
}


def changed(raw: dict[str, object], **values: object) -> dict[str, object]:
    return {**raw, **values}


def toml(raw: dict[str, object]) -> str:
    return "[[exercise]]\n" + "\n".join(f"{key} = {_value(value)}" for key, value in raw.items())


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return "'''\n" + value + "'''" if isinstance(value, str) and "\n" in value else repr(str(value))
