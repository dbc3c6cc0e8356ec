"""How near texts are in meaning, by the embedding model of the settings; vectors are kept."""

from array import array
from collections.abc import Iterable, Sequence

from django.conf import settings

from exercises.checking.twins import cosine
from learning_assistant import ollama

BATCH = 16  # a learner's query waits for no more than this
SECONDS = 60.0
MOST_KEPT = 20_000  # texts: 30 MB at 384 dimensions


class Near:
    """Cosines between texts; each text is embedded once."""

    def __init__(self) -> None:
        self._vectors: dict[str, array[float]] = {}

    def learn(self, texts: Iterable[str]) -> None:
        """Embed those of *texts* that are new. Raises `ollama.ModelUnavailable`."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        for start in range(0, len(new), BATCH):
            batch = new[start : start + BATCH]
            found = ollama.embed(settings.EMBED_MODEL, batch, seconds=SECONDS)
            for text, vector in zip(batch, found, strict=True):
                self._vectors[text] = array("f", vector)

    def cosine(self, one: str, other: str) -> float:
        """Raises `ollama.ModelUnavailable`."""
        self.learn((one, other))
        return cosine(self._vectors[one], self._vectors[other])

    def ranked(self, text: str, others: Sequence[str]) -> list[tuple[str, float]]:
        """*others*, the nearest to *text* first, with their cosines.

        Raises `ollama.ModelUnavailable`.
        """
        self.learn((text, *others))
        own = self._vectors[text]
        found = [(other, cosine(own, self._vectors[other])) for other in others]
        return sorted(found, key=lambda pair: -pair[1])

    def __len__(self) -> int:
        return len(self._vectors)


_kept: dict[str, Near] = {}


def near() -> Near:
    """The one that this process keeps for the embedding model as the server has it now."""
    digest = ollama.digest_of(settings.EMBED_MODEL)
    known = _kept.get(digest)
    if known is None or len(known) > MOST_KEPT:
        _kept.clear()
        known = _kept[digest] = Near()
    return known
