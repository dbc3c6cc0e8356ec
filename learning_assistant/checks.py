"""System checks of the project's settings; each has an id and says what to type."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


def the_deadline_leaves_time_to_answer(**kwargs: Any) -> Sequence[CheckMessage]:
    if settings.FALLBACK_AFTER_S >= settings.DEADLINE_S:
        return [
            Error(
                f"FALLBACK_AFTER_S={settings.FALLBACK_AFTER_S} is not before "
                f"DEADLINE_S={settings.DEADLINE_S}: the fallback search would come too late.",
                hint="Set FALLBACK_AFTER_S to about a third of DEADLINE_S.",
                id="learning_assistant.E001",
            )
        ]
    if settings.DEADLINE_S > 1.9:
        return [
            Warning(
                f"DEADLINE_S={settings.DEADLINE_S}: answers may take longer than two seconds.",
                hint="Set DEADLINE_S to 1.7 or less to keep the promise of two seconds.",
                id="learning_assistant.W001",
            )
        ]
    return []


def the_worker_can_serve_its_model(**kwargs: Any) -> Sequence[CheckMessage]:
    if settings.MODEL_SLOTS > settings.INTERACTIVE_CONCURRENCY:
        return [
            Warning(
                f"MODEL_SLOTS={settings.MODEL_SLOTS} is more than "
                f"INTERACTIVE_CONCURRENCY={settings.INTERACTIVE_CONCURRENCY}: "
                "slots of the model server would stay empty.",
                hint="Raise INTERACTIVE_CONCURRENCY above MODEL_SLOTS.",
                id="learning_assistant.W002",
            )
        ]
    return []


def clients_are_told_apart(**kwargs: Any) -> Sequence[CheckMessage]:
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        return [
            Warning(
                "HTTPS=true speaks of a proxy in front, and TRUSTED_PROXIES names none: all its "
                "clients count as one address.",
                hint="Set TRUSTED_PROXIES to the address from which the proxy connects.",
                id="learning_assistant.W003",
            )
        ]
    return []


def register_all() -> None:
    register(clients_are_told_apart, Tags.security)
    register(the_deadline_leaves_time_to_answer, Tags.compatibility)
    register(the_worker_can_serve_its_model, Tags.compatibility)
