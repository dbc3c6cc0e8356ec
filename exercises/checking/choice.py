"""Multiple choice: choices that differ, and a key that somebody else agrees with."""

from collections.abc import Iterator

from exercises.checking.results import Check, check
from exercises.checking.words import plain
from exercises.content import ChoiceContent, Item

EMPTY_CHOICES = ("all of the above", "none of the above", "both of the above")


def checks(item: Item, content: ChoiceContent) -> Iterator[Check]:
    texts = [plain(choice.text) or choice.text for choice in content.choices]
    doubles = sorted({text for text in texts if texts.count(text) > 1})
    yield check("choices differ", *(f"{text!r} stands there twice" for text in doubles))
    yield check(
        "choices stand alone",
        *(f"{text!r} depends on the others" for text in texts if text in EMPTY_CHOICES),
    )
