"""What all views share."""

from typing import Any

from rest_framework.views import APIView

from learning_assistant.postgresql.base import time_limit

# Seconds after which an answer waits for PostgreSQL no longer: late beats never, but nobody waits
# three seconds.
LAST_S = 2.6


class BoundedView(APIView):
    """A view whose queries, those of its authentication too, together end in time."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with time_limit(LAST_S):
            return super().dispatch(request, *args, **kwargs)
