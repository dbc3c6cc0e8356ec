"""Words in the form in which they are looked for."""

import unicodedata


def folded(text: str) -> str:
    """*text* without accents: who asks for Velickovic or Gerón means the same people.

    PostgreSQL's `unaccent` would do, but the embedded server comes without it.
    """
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))
