from django.apps import AppConfig
from django.conf import settings

from learning_assistant import tracing

# Shared tasks bind to the Celery application that is loaded first: this one.
from learning_assistant.celery import app as celery_app

__all__ = ["LearningAssistantConfig", "celery_app"]


class LearningAssistantConfig(AppConfig):
    name = "learning_assistant"

    def ready(self) -> None:
        from learning_assistant import checks  # registers the system checks

        checks.register_all()
        if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            tracing.start(settings.OTEL_EXPORTER_OTLP_ENDPOINT)
