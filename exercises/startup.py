"""What this app adds to the whole when Django starts."""

from exercises import examples, progress
from sessions import progress as of_sessions


def register_all() -> None:
    of_sessions.register(of_sessions.Part(progress.fields, progress.tell, examples.PROGRESS))
