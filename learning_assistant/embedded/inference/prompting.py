"""From messages to the tokens that the chat model continues (its form is ChatML).

What people wrote is split as plain text: a `<|im_end|>` in it can't end their turn.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from learning_assistant.embedded.inference.llama import Llama
from learning_assistant.embedded.inference.schema import Message, Options, Refused

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
BEGIN, END = "<|im_start|>", "<|im_end|>"
ROOM = 128  # tokens kept free for an answer whose length nobody limited
TOO_LONG = "the input length exceeds the context length"


@dataclass(frozen=True)
class Window:
    """How many tokens there are: *context* in all, *prompt* of them for the question."""

    context: int
    prompt: int
    keep: int  # tokens at the start that survive when the middle is cut out

    @classmethod
    def of(cls, options: Options, most: int) -> "Window":
        context = max(16, min(options.num_ctx or most, most))
        wanted = options.num_predict if options.num_predict > 0 else ROOM
        return cls(context, context - min(wanted, context // 2), max(0, options.num_keep))


async def conversation(
    llama: Llama, messages: Sequence[Message], window: Window, *, truncate: bool
) -> list[int]:
    """The tokens of *messages* and of the beginning of the answer.

    What does not fit goes oldest first, but system messages and the last one stay; when they are
    too long themselves the middle is cut out. Raises `Refused`, `LlamaError`.
    """
    if messages[0].role != "system":
        messages = [Message(role="system", content=SYSTEM), *messages]
    *earlier, last = messages
    blocks = [(message.role, await _block(llama, message)) for message in earlier]
    end = await _ending(llama, last)
    if truncate:
        blocks = _fitting(blocks, window.prompt - len(end))
    return cut([*chain.from_iterable(tokens for _, tokens in blocks), *end], window, truncate)


def cut(tokens: list[int], window: Window, truncate: bool) -> list[int]:
    """*tokens* without so much of their middle that they fit. Raises `Refused`."""
    if len(tokens) <= (window.prompt if truncate else window.context - 1):
        return tokens
    if not truncate:
        raise Refused(TOO_LONG)
    keep = min(window.keep, window.prompt // 2)
    return tokens[:keep] + tokens[keep - window.prompt :]


def _fitting(blocks: list[tuple[str, list[int]]], room: int) -> list[tuple[str, list[int]]]:
    size = sum(len(tokens) for _, tokens in blocks)
    kept = []
    for role, tokens in blocks:
        if role != "system" and size > room:
            size -= len(tokens)
        else:
            kept.append((role, tokens))
    return kept


async def _marks(llama: Llama) -> tuple[list[int], list[int]]:
    begin = await llama.kept_tokens(BEGIN, special=True)
    return begin, await llama.kept_tokens(END, special=True)


async def _block(llama: Llama, message: Message) -> list[int]:
    begin, end = await _marks(llama)
    split = llama.kept_tokens if message.role == "system" else llama.tokens
    text = await split(f"{message.role}\n{message.content}")
    return [*begin, *text, *end, *await llama.kept_tokens("\n")]


async def _ending(llama: Llama, last: Message) -> list[int]:
    """The last message and the head of the answer; a last word of the assistant is gone on with."""
    begin, _ = await _marks(llama)
    if last.role == "assistant":
        return [*begin, *await llama.tokens(f"assistant\n{last.content}")]
    return [*await _block(llama, last), *begin, *await llama.kept_tokens("assistant\n")]


ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
TRIM = re.compile(r"\s*(\{\{)-|-(\}\})\s*")


def fill(template: str, values: dict[str, str]) -> str:
    """*template* with `{{ .Name }}` replaced, and `{{ if .Name }}…{{ else }}…{{ end }}` decided.

    That much of Go's template language; Ollama cuts it off at `.Response`. Raises `Refused`.
    """
    pieces = ACTION.split(TRIM.sub(r"\1\2", template))
    written: list[str] = []
    shown = [True]  # for each open `if`, whether its text is wanted
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            written.append(piece if all(shown) else "")
        elif piece == ".Response":
            break
        elif piece == "end" and len(shown) > 1:
            shown.pop()
        elif piece == "else" and len(shown) > 1:
            shown[-1] = not shown[-1]
        elif piece.startswith("if .") and piece[4:] in values:
            shown.append(bool(values[piece[4:]]))
        elif piece.startswith(".") and piece[1:] in values:
            written.append(values[piece[1:]] if all(shown) else "")
        else:
            raise Refused(f"template error: {{{{ {piece} }}}} is not supported")
    return "".join(written)
