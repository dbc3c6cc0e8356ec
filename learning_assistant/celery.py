"""The Celery application; its two lanes are described in `lanes.py`."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "learning_assistant.settings")

app = Celery("learning_assistant", task_cls="learning_assistant.task:LaneTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add("learning_assistant.worker:Heartbeat")


@setup_logging.connect
def keep_logging(**kwargs: Any) -> None:
    """Whoever sets it up keeps Celery from doing so: Django has, by our settings."""
