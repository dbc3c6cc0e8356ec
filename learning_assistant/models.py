"""Keys with which other programs use the API."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from rest_framework_api_key.models import AbstractAPIKey


class KeyScope(models.TextChoices):
    """What a key opens; the value stands in `api_key --scope`."""

    SEARCH = "search", "search the catalogue and the documents"
    WEBSITE = "website", "ask and practise for learners"
    OPERATIONS = "operations", "operate the service"


class ApiKey(AbstractAPIKey):
    """A key of another program, stored as its SHA-512; the key itself is shown once.

    A learner has none: keys belong to servers.
    """

    scopes = ArrayField(
        models.CharField(max_length=16, choices=KeyScope), help_text="What it opens."
    )

    class Meta(AbstractAPIKey.Meta):
        pass

    @property
    def state(self) -> str:
        """`valid`, `expired` or `revoked`."""
        if self.revoked:
            return "revoked"
        return "expired" if self.has_expired else "valid"
