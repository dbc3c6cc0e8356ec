"""Two apps called sessions, Django's and ours, each with its own label and tables."""

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from sessions.models import LearningSession


def test_each_has_its_label() -> None:
    assert apps.get_app_config("sessions").name == "django.contrib.sessions"
    assert apps.get_app_config("learning_sessions").name == "sessions"


@pytest.mark.django_db
def test_each_has_its_table(client: Client) -> None:
    tables = connection.introspection.table_names()
    assert Session._meta.db_table == "django_session"
    assert {"django_session", "learning_sessions_learningsession"} <= set(tables)
    client.session.save()
    LearningSession.objects.seen("s")
    assert Session.objects.count() == LearningSession.objects.count() == 1
