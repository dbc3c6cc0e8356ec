"""What all views share."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    NotAuthenticated,
    PermissionDenied,
)
from rest_framework.request import Request
from rest_framework.views import APIView

from learning_assistant import throttles
from learning_assistant.api_keys import ApiKeyAuthentication, IsWebsite
from learning_assistant.postgresql.base import time_limit

# Seconds after which an answer waits for PostgreSQL no longer: late beats never, but nobody waits
# three seconds.
LAST_S = 2.6


class BoundedView(APIView):
    """A view whose queries, those of its authentication too, together end in time, and whose
    requests are counted (`throttles`)."""

    # Whether nobody is let in while requests can't be counted.
    counts_or_closes: ClassVar[bool] = False

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with time_limit(LAST_S):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        try:
            super().initial(request, *args, **kwargs)
        except (AuthenticationFailed, NotAuthenticated, PermissionDenied):
            throttles.take(throttles.of_address(request))  # who guesses keys is counted too
            raise

    def check_throttles(self, request: Request) -> None:
        try:
            session_id = self._session_id(request)
        except APIException:  # what can't be read is refused, and counted
            throttles.take(throttles.of_address(request))
            raise
        throttles.take(throttles.limits(request, session_id), closed=self.counts_or_closes)

    def _session_id(self, request: Request) -> str | None:
        return None


class LearnerView(BoundedView):
    """What the website asks for its learners: open, and no key is looked at; with
    `WEBSITE_KEY_REQUIRED` for those who have one. Without the broker learners still get answers."""

    def get_authenticators(self) -> list[BaseAuthentication]:
        return [ApiKeyAuthentication()] if settings.WEBSITE_KEY_REQUIRED else []

    def get_permissions(self) -> Sequence[Any]:
        return [IsWebsite()] if settings.WEBSITE_KEY_REQUIRED else []

    def _session_id(self, request: Request) -> str | None:
        if not hasattr(self, (request.method or "").lower()):
            return None  # it is refused by its method, whatever its body
        return throttles.session_of(request, self.kwargs)
