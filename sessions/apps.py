from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    # "sessions" as a label belongs to Django's own app.
    label = "learning_sessions"
    verbose_name = "Learning sessions"
