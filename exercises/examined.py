"""What an examination found of a model, kept by its digest: for as long as it is the same one."""

from contextlib import suppress

import redis

from learning_assistant import broker

KEPT_S = 30 * 24 * 3600


class Examined:
    """The results of one examination, *name*, for all models."""

    def __init__(self, name: str) -> None:
        self._prefix = f"la:{name}:"

    def passed(self, digest: str) -> bool | None:
        """None where the model was not examined, has no digest, or nobody remembers."""
        kept = None
        if digest:
            with suppress(redis.exceptions.RedisError):
                kept = broker.client().get(self._prefix + digest)
        return None if kept is None else kept == "able"

    def keep(self, digest: str, passed: bool) -> None:
        """Remember it for a month; without a broker the model is examined again."""
        if digest:
            with suppress(redis.exceptions.RedisError):
                broker.client().set(self._prefix + digest, "able" if passed else "unable", KEPT_S)
