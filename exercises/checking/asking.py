"""Asking the chat model for something that nobody waits for: JSON of a given shape, in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis

from exercises.prompts import Message
from learning_assistant import admission, ollama


class Busy(ollama.ModelUnavailable):
    """The slots of the model server are taken by those who wait for an answer."""


@dataclass(frozen=True)
class Asker:
    """A chat model; with *leave* so many slots of its server stay free for learners."""

    model: str
    digest: str
    leave: int = 0

    def ask(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any],
        *,
        seconds: float,
        max_tokens: int,
    ) -> ollama.Completion:
        """One answer of the shape of *schema*, unless *max_tokens* cut it off.

        Raises `ollama.ModelUnavailable`, after *seconds* at the latest, and `Busy` at once.
        """
        try:
            with admission.model_slot(seconds, leave=self.leave) as free:
                if not free:
                    raise Busy(f"no slot of the model server is free for {self.model}")
                return ollama.chat(
                    self.model, messages, seconds=seconds, max_tokens=max_tokens, schema=schema
                )
        except redis.exceptions.RedisError as error:
            raise Busy(f"the slots of the model server are not known: {error}") from error
