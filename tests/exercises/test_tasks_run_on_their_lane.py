"""What a learner waits for runs on the interactive lane; the schedule names tasks that exist."""

import pytest
from django.conf import settings

from learning_assistant import lanes
from learning_assistant.celery import app

app.loader.import_default_modules()  # as a worker does when it starts


@pytest.mark.parametrize("name", settings.CELERY_TASK_ROUTES)
def test_a_route_is_of_a_task_that_exists_and_is_not_repeated(name: str) -> None:
    task = app.tasks[name]
    assert settings.CELERY_TASK_ROUTES[name] == {"queue": lanes.INTERACTIVE}
    assert not task.acks_late
    assert task.expires is None  # two hosts' clocks may differ by more


@pytest.mark.parametrize("entry", settings.CELERY_BEAT_SCHEDULE.values(), ids=lambda e: e["task"])
def test_the_schedule_is_of_durable_tasks(entry: dict[str, object]) -> None:
    task = app.tasks[str(entry["task"])]
    assert task.acks_late
    assert entry["task"] not in settings.CELERY_TASK_ROUTES


def test_a_late_answer_outlives_its_worker() -> None:
    task = app.tasks["exercises.tasks.grade_late"]
    assert task.acks_late
    assert task.reject_on_worker_lost
