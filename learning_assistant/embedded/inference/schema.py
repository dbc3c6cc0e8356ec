"""The bodies of requests in Ollama's protocol, and why one is refused.

Source: Ollama's API documentation (docs/api.md) and, for messages, the behaviour of its server.
"""

import json
import math
import re
from typing import Annotated, Any, Literal, NoReturn, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")


class Refused(Exception):
    """A request that gets *status* and Ollama's error body with *message*."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def seconds(value: object) -> float | None:
    """*value* as Ollama reads `keep_alive`: a number of seconds or a text such as `1h30m`.

    Negative means for ever (infinity). Raises `ValueError`.
    """
    if value is None:
        return None
    if isinstance(value, str):
        sign, text = (-1.0, value[1:]) if value.startswith("-") else (1.0, value)
        parts = DURATION.findall(text)
        if text != "0" and (not parts or "".join(map("".join, parts)) != text):
            raise ValueError(f"invalid duration {value!r}: use seconds, or a text such as 5m")
        found = sign * sum(float(number) * UNITS[unit] for number, unit in parts)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = float(value)
    else:
        raise ValueError("a duration is a number of seconds or a text such as 5m")
    return math.inf if found < 0 else found


def _whole(value: object) -> object:
    """JSON has no whole numbers: 10.0 is one too."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _format(value: object) -> object:
    if value in (None, "", "json") or isinstance(value, dict):
        return value
    raise ValueError(f'invalid format: {value!r}; expected "json" or a valid JSON Schema object')


Whole = Annotated[int, BeforeValidator(_whole)]
KeepAlive = Annotated[float | None, BeforeValidator(seconds)]
Format = Annotated[dict[str, Any] | str | None, BeforeValidator(_format)]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _absent(cls, data: object) -> object:
        """A null is as good as nothing."""
        if isinstance(data, dict):
            return {name: value for name, value in data.items() if value is not None}
        return data


class Options(_Body):
    """Those of Ollama's model parameters that apply; others are ignored, as Ollama does."""

    num_ctx: Whole | None = None
    num_predict: Whole = -1
    num_keep: Whole = 4
    seed: Whole = -1
    temperature: float = 0.8
    top_k: Whole = 40
    top_p: float = 0.9
    min_p: float = 0.0
    typical_p: float = 1.0
    repeat_last_n: Whole = 64
    repeat_penalty: float = 1.1
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    stop: list[str] = []


class Message(_Body):
    role: str = ""
    content: str = ""
    images: list[str] = []


class _Request(_Body):
    model: str = ""
    options: Options = Options()
    keep_alive: KeepAlive = None


class _Generating(_Request):
    stream: bool = True
    format: Format = None
    think: bool | Literal["high", "medium", "low"] = False
    truncate: bool = True


class ChatRequest(_Generating):
    messages: list[Message] = []
    tools: list[Any] = []


class GenerateRequest(_Generating):
    prompt: str = ""
    suffix: str = ""
    system: str = ""
    template: str = ""
    raw: bool = False
    images: list[str] = []
    context: list[Whole] = []


class EmbedRequest(_Request):
    input: Any = None
    truncate: bool = True
    dimensions: Whole = 0

    def texts(self) -> list[str]:
        """The inputs, one or many. Raises `Refused`."""
        if self.input is None or self.input == "":
            return []
        if isinstance(self.input, str):
            return [self.input]
        if isinstance(self.input, list):
            texts = [text for text in self.input if isinstance(text, str)]
            if len(texts) == len(self.input):
                return texts
        raise Refused("invalid input type")


class EmbeddingsRequest(_Request):
    prompt: str = ""


class ShowRequest(_Request):
    name: str = ""


Body = TypeVar("Body", bound=_Body)


def parse(kind: type[Body], raw: bytes) -> Body:
    """The request in *raw*. Raises `Refused`."""
    if not raw.strip():
        raise Refused("missing request body")
    try:
        data = json.loads(raw, parse_constant=_no_number)
        if b"\\u" in raw:
            data = json.loads(_repaired(json.dumps(data, ensure_ascii=False)))
    except (ValueError, RecursionError) as error:
        raise Refused(f"invalid JSON: {error}") from error
    if not isinstance(data, dict):
        raise Refused("invalid JSON: the body must be an object")
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Refused(f"invalid value for {where}: {first['msg']}") from error


def _repaired(text: str) -> str:
    """*text* with U+FFFD for each half of a surrogate pair: no UTF-8 can carry one alone."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")
