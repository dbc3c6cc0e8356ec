"""The base of every task."""

from typing import Any

from celery import Task
from django.db import close_old_connections


class LaneTask(Task):  # type: ignore[type-arg]  # Celery's class is generic to the stubs only
    """Keeps a thread's database connection between tasks, and checks it before each."""

    abstract = True

    def before_start(self, task_id: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        close_old_connections()
