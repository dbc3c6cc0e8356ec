from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from rest_framework_api_key.admin import APIKeyModelAdmin
from rest_framework_api_key.models import APIKey

from learning_assistant.models import ApiKey, KeyScope

admin.site.unregister(APIKey)  # the library's own model, without scopes, opens nothing here


class ApiKeyForm(forms.ModelForm[ApiKey]):
    scopes = forms.MultipleChoiceField(
        choices=KeyScope.choices, widget=forms.CheckboxSelectMultiple, help_text="What it opens."
    )


@admin.register(ApiKey)
class ApiKeyAdmin(APIKeyModelAdmin):
    """A new key is shown once, after it was saved."""

    form = ApiKeyForm
    list_display = ("prefix", "name", "scopes", "created", "expiry_date", "state")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "scopes") if obj is not None and obj.revoked else fields
