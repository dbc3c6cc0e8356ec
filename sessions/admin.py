from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from sessions.models import Interaction, LearningSession


class ReadOnly(admin.ModelAdmin[Any]):
    """What learners did is looked at, never written."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(LearningSession)
class LearningSessionAdmin(ReadOnly):
    list_display = ["session_id", "created_at", "last_seen_at"]
    search_fields = ["session_id"]


@admin.register(Interaction)
class InteractionAdmin(ReadOnly):
    list_display = ["created_at", "query", "degraded", "advice_source", "took_ms"]
    list_filter = ["degraded", "advice_source", "created_at"]
    search_fields = ["query"]
    list_select_related = ["session"]
