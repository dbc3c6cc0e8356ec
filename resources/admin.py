from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.db.models import QuerySet
from django.http import HttpRequest

from resources.links import canonical
from resources.models import (
    Chunk,
    DenseVector,
    Document,
    DocumentFrequency,
    Facet,
    FacetVector,
    IndexEntry,
    IndexFault,
    IndexVersion,
    Lexeme,
    QueryVector,
    RegisteredQuery,
    Resource,
    Status,
    Topic,
)
from resources.models.catalogue import URL_LENGTH
from resources.services import catalogue


class ResourceForm(forms.ModelForm[Resource]):
    """Links are unique by their canonical form."""

    url = forms.URLField(max_length=URL_LENGTH, assume_scheme="https", widget=AdminURLFieldWidget)

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        try:
            form = canonical(url)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        twin = Resource.objects.filter(canonical_url=form).exclude(pk=self.instance.pk).first()
        if twin:
            raise forms.ValidationError(f"“{twin.title}” has this link already: {twin.url}")
        return url


class FacetInline(admin.TabularInline[Facet, Resource]):
    model = Facet
    extra = 1
    fields = ["role", "position", "text"]


@admin.register(Resource)
class ResourceAdmin(admin.ModelAdmin[Resource]):
    form = ResourceForm
    list_display = ["title", "kind", "level", "status", "year", "updated_at"]
    list_filter = ["status", "kind", "level", "topics"]
    search_fields = ["title", "summary", "url"]
    filter_horizontal = ["topics"]
    readonly_fields = ["canonical_url", "created_at", "updated_at", "published_at"]
    inlines = [FacetInline]
    actions = ["publish", "archive"]

    def save_model(
        self, request: HttpRequest, obj: Resource, form: forms.ModelForm[Resource], change: bool
    ) -> None:
        obj.canonical_url = canonical(obj.url)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Topics and facets are stored last, and the index is made from them too."""
        super().save_related(request, form, formsets, change)
        catalogue.store(form.instance)

    def get_deleted_objects(
        self, objs: Sequence[Resource] | QuerySet[Resource], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """The index entries of a resource go with it, though nobody may delete one by itself."""
        deleted, counts, _, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: Resource) -> None:
        catalogue.delete([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Resource]) -> None:
        catalogue.delete(queryset)

    @admin.action(description="Publish")
    def publish(self, request: HttpRequest, queryset: QuerySet[Resource]) -> None:
        done = catalogue.set_status(queryset, Status.PUBLISHED)
        self.message_user(request, f"{done} published; they are searchable in a moment.")

    @admin.action(description="Archive")
    def archive(self, request: HttpRequest, queryset: QuerySet[Resource]) -> None:
        done = catalogue.set_status(queryset, Status.ARCHIVED)
        self.message_user(request, f"{done} archived.", messages.SUCCESS)


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin[Topic]):
    list_display = ["slug", "name", "parent"]
    search_fields = ["slug", "name"]
    list_select_related = ["parent"]

    def save_model(
        self, request: HttpRequest, obj: Topic, form: forms.ModelForm[Topic], change: bool
    ) -> None:
        catalogue.store_topic(obj)

    def delete_model(self, request: HttpRequest, obj: Topic) -> None:
        catalogue.delete_topics([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Topic]) -> None:
        catalogue.delete_topics(queryset)


class MadeByTheIndex(admin.ModelAdmin[Any]):
    """Rows that the workers make; shown to understand, not to edit."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(IndexVersion)
class IndexVersionAdmin(MadeByTheIndex):
    list_display = ["model", "state", "dimension", "rows", "graph", "ready_at", "activated_at"]


@admin.register(IndexEntry)
class IndexEntryAdmin(MadeByTheIndex):
    list_display = ["__str__", "version", "length", "indexed_at"]
    list_select_related = ["resource", "chunk__document", "version"]
    fields = ["resource", "chunk", "version", "length", "content_hash", "indexed_at"]


@admin.register(DenseVector)
class DenseVectorAdmin(MadeByTheIndex):
    list_display = ["entry", "version", "content_hash"]
    list_select_related = ["entry__resource", "entry__chunk__document", "version"]
    fields = ["entry", "version", "content_hash"]


@admin.register(FacetVector)
class FacetVectorAdmin(MadeByTheIndex):
    list_display = ["facet", "version"]
    list_select_related = ["facet", "version"]
    fields = ["facet", "version"]


@admin.register(IndexFault)
class IndexFaultAdmin(MadeByTheIndex):
    list_display = ["entry", "version", "message", "at"]
    list_select_related = ["entry__resource", "entry__chunk__document", "version"]


@admin.register(RegisteredQuery)
class RegisteredQueryAdmin(MadeByTheIndex):
    list_display = ["text", "created_at"]
    search_fields = ["text"]


@admin.register(QueryVector)
class QueryVectorAdmin(MadeByTheIndex):
    list_display = ["query", "version"]
    list_select_related = ["query", "version"]
    fields = ["query", "version"]


@admin.register(Document)
class DocumentAdmin(MadeByTheIndex):
    list_display = ["path", "source", "title", "updated_at"]
    list_filter = ["source"]
    search_fields = ["path", "title"]


@admin.register(Chunk)
class ChunkAdmin(MadeByTheIndex):
    list_display = ["document", "position", "heading_path", "tokens"]
    list_select_related = ["document"]
    search_fields = ["content", "document__path"]


@admin.register(Lexeme)
class LexemeAdmin(MadeByTheIndex):
    list_display = ["term"]
    search_fields = ["term"]


@admin.register(DocumentFrequency)
class DocumentFrequencyAdmin(MadeByTheIndex):
    list_display = ["lexeme", "version", "documents"]
    list_select_related = ["lexeme", "version"]
    ordering = ["-documents"]
    search_fields = ["lexeme__term"]
