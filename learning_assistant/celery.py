"""The Celery application; its two lanes are described in `lanes.py`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "learning_assistant.settings")

app = Celery("learning_assistant", task_cls="learning_assistant.task:LaneTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add("learning_assistant.worker:Heartbeat")
