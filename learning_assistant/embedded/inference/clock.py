"""The time as Ollama writes it."""

from datetime import UTC, datetime


def now_text() -> str:
    """Now, in RFC 3339, in UTC."""
    return text(datetime.now(UTC))


def text(moment: datetime) -> str:
    """*moment* in RFC 3339, with a Z for UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
