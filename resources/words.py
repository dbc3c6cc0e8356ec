"""Words in the form in which they are looked for."""

import unicodedata


def folded(text: str) -> str:
    """*text* without accents: who asks for Velickovic or Gerón means the same people.

    PostgreSQL's `unaccent` would do, but the embedded server comes without it.
    """
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def folding(text: str) -> tuple[str, list[int]]:
    """`folded(text)`, and for each of its characters the position in *text* it comes from."""
    pairs = [
        (c, position)
        for position, original in enumerate(text)
        for c in unicodedata.normalize("NFKD", original)
        if not unicodedata.combining(c)
    ]
    return "".join(c for c, _ in pairs), [position for _, position in pairs]


def end_of_character(text: str, position: int) -> int:
    """Where the character that begins at *position* ends: after its accents."""
    position += 1
    while position < len(text) and unicodedata.combining(text[position]):
        position += 1
    return position
