"""The admin's own pages and forms: a resource added there is found, withdrawn there is gone."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from resources.models import DenseVector, Resource, Status
from resources.rag.search import search
from sessions import services as sessions
from tests.resources.making import add, filters, index, tree
from tests.scripted import Script

pytestmark = pytest.mark.django_db
WorkOff = Callable[[], list[Any]]
OURS = [
    m for name in ("resources", "learning_sessions") for m in apps.get_app_config(name).get_models()
]  # noqa: E501
# Many rows of no interest by themselves.
HIDDEN = {"Facet", "DenseVector", "FacetVector", "Lexeme", "DocumentFrequency", "Resource_topics"}
HIDDEN |= {"LexicalVector", "Document", "Chunk", "IndexFault", "RegisteredQuery", "QueryVector"}


@pytest.fixture
def staff(client: Client, settings: Settings) -> Client:
    """Logged in through the form, as `make run`'s first login would be."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick
    User.objects.create_superuser("admin", password="Zebra-stripes-7")
    page = client.get("/admin/login/")
    assert page.status_code == 200
    answer = client.post(
        "/admin/login/?next=/admin/", {"username": "admin", "password": "Zebra-stripes-7"}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    return client


def found(query: str) -> list[str]:
    return [r["title"] for r in search(query, filters(), 3).resources if r["score"] > 0]


def form(*facets: str, **changes: str) -> dict[str, str]:
    """The fields of the form to add a resource, as a browser sends them."""
    fields = {
        "title": "Zebra", "url": "https://z.example/", "kind": "book", "level": "", "authors": "",
        "year": "", "language": "en", "summary": "Stripes.", "licence": "", "provenance": "",
        "status": "published", "facets-INITIAL_FORMS": "0", "facets-MIN_NUM_FORMS": "0",
        "facets-MAX_NUM_FORMS": "1000", "facets-TOTAL_FORMS": str(len(facets)),
    }  # fmt: skip
    for n, text in enumerate(facets):
        fields |= {f"facets-{n}-position": str(n), f"facets-{n}-text": text}
        fields |= {f"facets-{n}-role": "case"}
    return fields | changes


def post(
    staff: Client, commit: DjangoCaptureOnCommitCallbacks, path: str, fields: dict[str, Any]
) -> Any:
    with commit(execute=True):
        return staff.post(path, fields, follow=True)


def test_nobody_gets_in_without_a_login(client: Client) -> None:
    assert client.get("/admin/resources/resource/")["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("model", [m for m in OURS if m.__name__ not in HIDDEN])
def test_every_model_opens(staff: Client, model: Any, model_server: Script) -> None:
    tree(maths="")
    resource = add("Zebra", facets=["For all"], topics=["maths"])
    index()
    results = [{"id": resource.pk, "score": 1.0}]
    sessions.record(uuid.uuid4(), "s", query="zebra", results=results)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    listing = staff.get(reverse(f"{name}_changelist"), {"q": "z"})
    assert listing.status_code == 200
    row = model.objects.first()
    assert row is not None
    assert staff.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200


def test_the_front_page_lists_the_apps(staff: Client) -> None:
    page = staff.get("/admin/").content.decode()
    for words in ("Resources", "Topics", "Index versions", "Learning sessions", "Interactions"):
        assert words in page


def test_a_resource_added_with_facets_is_searchable_after_indexing(
    staff: Client,
    model_server: Script,
    work_off: WorkOff,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    commit = django_capture_on_commit_callbacks
    answer = post(staff, commit, "/admin/resources/resource/add/", form("For foals", "For all"))
    assert "was added successfully" in answer.content.decode()
    resource = Resource.objects.get()
    facets = list(resource.facets.values_list("text", flat=True))
    assert facets == ["For foals", "For all"]
    assert resource.content_hash == resource.text_hash(facets, [], [])
    assert resource.canonical_url == "https://z.example/"
    assert resource.published_at
    work_off()
    assert found("foals") == ["Zebra"]


def test_a_change_of_a_facet_alone_makes_the_index_anew(
    staff: Client,
    model_server: Script,
    work_off: WorkOff,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    resource = add("Zebra", url="https://z.example/", kind="book", facets=["For foals"])
    index()
    facet = resource.facets.get()
    fields = form("For quaggas") | {
        "facets-INITIAL_FORMS": "1", "facets-0-id": str(facet.pk),
        "facets-0-resource": str(resource.pk),
    }  # fmt: skip
    path = f"/admin/resources/resource/{resource.pk}/change/"
    post(staff, django_capture_on_commit_callbacks, path, fields)
    work_off()
    assert found("quaggas") == ["Zebra"]
    shown = search("zebra", filters(), 3).resources[0]
    assert shown["reason"] == "For quaggas"


def test_a_draft_is_not_found(
    staff: Client,
    model_server: Script,
    work_off: WorkOff,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    commit = django_capture_on_commit_callbacks
    post(staff, commit, "/admin/resources/resource/add/", form(status="draft"))
    work_off()
    assert found("zebra") == []


@pytest.mark.parametrize(
    "url", ["http://www.z.example", "https://z.example/?utm_source=x", "https://z.example/#a"]
)
def test_a_twin_link_is_refused_with_the_others_title(staff: Client, url: str) -> None:
    add("The first of two", url="https://z.example/")
    page = staff.post("/admin/resources/resource/add/", form(url=url)).content.decode()
    assert "“The first of two” has this link already" in page
    assert Resource.objects.count() == 1


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://z.example/", "nothing", ""])
def test_what_is_no_link_is_refused(staff: Client, url: str) -> None:
    page = staff.post("/admin/resources/resource/add/", form(url=url))
    assert page.status_code == 200
    assert 'class="errorlist"' in page.content.decode()
    assert not Resource.objects.exists()


def test_saving_without_a_change_is_no_twin_of_itself(
    staff: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    resource = add("Zebra", url="https://z.example/", kind="book")
    path = f"/admin/resources/resource/{resource.pk}/change/"
    answer = post(staff, django_capture_on_commit_callbacks, path, form())
    assert "was changed successfully" in answer.content.decode()


def test_many_are_archived_and_published_at_once(
    staff: Client,
    model_server: Script,
    work_off: WorkOff,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    commit = django_capture_on_commit_callbacks
    ids = [add(f"Zebra {word}").pk for word in ("stripes", "hooves", "manes")]
    index()
    fields = {"action": "archive", "_selected_action": ids[:2]}
    answer = post(staff, commit, "/admin/resources/resource/", fields)
    assert "2 archived." in answer.content.decode()
    assert found("zebra") == ["Zebra manes"], "at once, no worker ran"
    work_off()
    fields = {"action": "publish", "_selected_action": ids}
    answer = post(staff, commit, "/admin/resources/resource/", fields)
    assert "2 published" in answer.content.decode()
    assert [(name, sorted(*args)) for name, args in work_off()] == [
        ("resources.tasks.index_resources", ids[:2])
    ]
    assert len(found("zebra")) == 3
    assert set(Resource.objects.values_list("status", flat=True)) == {Status.PUBLISHED}


def test_a_deleted_resource_leaves_nothing(
    staff: Client,
    model_server: Script,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    resource = add("Zebra", facets=["For all"])
    index()
    path = f"/admin/resources/resource/{resource.pk}/delete/"
    post(staff, django_capture_on_commit_callbacks, path, {"post": "yes"})
    assert not Resource.objects.exists()
    assert not DenseVector.objects.exists()
    assert found("zebra") == []


def test_saving_works_while_the_broker_is_away(
    staff: Client,
    no_broker: None,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    answer = post(
        staff, django_capture_on_commit_callbacks, "/admin/resources/resource/add/", form()
    )
    assert "was added successfully" in answer.content.decode()


def test_what_learners_did_can_not_be_written(staff: Client) -> None:
    for path in ("interaction", "learningsession"):
        assert staff.get(f"/admin/learning_sessions/{path}/add/").status_code == 403
    for path in ("indexversion", "indexentry"):
        assert staff.get(f"/admin/resources/{path}/add/").status_code == 403
