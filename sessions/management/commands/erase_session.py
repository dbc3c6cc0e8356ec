import argparse
from typing import Any

from django.core.management.base import CommandError

from learning_assistant.commands import TeachingCommand
from sessions import services
from sessions.models import LearningSession

HELP = """Erases a learner's session: its questions, exercises, answers and progress.

  manage.py erase_session 0c9e1f6e-6a4c-4b1c-9d76-0d5c4a1f2b33

Learners erase those that were issued to them by `DELETE sessions/{id}` themselves.
"""


class Command(TeachingCommand):
    help = HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("session_id", metavar="ID", help="the session's id, to the letter")

    def handle(self, *args: Any, session_id: str, **options: Any) -> None:
        session = LearningSession.objects.filter(session_id=session_id).first()
        if session is None:
            raise CommandError("ID: there is no such session")
        erased = services.erase(session)
        self.stdout.write(
            f"erased: {erased['Interaction']} questions, {erased['Practice']} exercises, "
            f"{erased['Attempt']} answers, {erased['Review']} topics"
        )
