"""What Django's page about an error, shown with DEBUG=true, does not tell."""

import re

from django.views.debug import SafeExceptionReporterFilter


class ErrorPageFilter(SafeExceptionReporterFilter):
    """Hides addresses too: passwords stand in them."""

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}"
        "|DATABASE_URL|REDIS_URL|BROKER_URL|OLLAMA_HOST",
        re.I,
    )
