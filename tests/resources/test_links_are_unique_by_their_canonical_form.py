"""Two spellings of one link are one resource; what is no web link is refused."""

import pytest

from resources.links import canonical
from resources.models import Resource
from resources.services import catalogue

SAME = {
    "https://example.org/a/b": [
        "http://example.org/a/b",
        "https://www.example.org/a/b/",
        "HTTPS://EXAMPLE.org/a/b",
        "https://example.org:443/a/b",
        "http://example.org:80/a/b",
        "https://example.org/a/b#chapter-2",
        "https://example.org/a/b?utm_source=x&utm_medium=y",
        "https://example.org/a/b?fbclid=1&gclid=2",
        "  https://example.org/a/b  ",
    ],
    "https://example.org/?a=1&b=2": [
        "https://example.org?b=2&a=1",
        "https://example.org/?b=2&utm_campaign=z&a=1",
    ],
    "https://arxiv.org/abs/1706.03762": [
        "http://arxiv.org/abs/1706.03762v7",
        "https://arxiv.org/pdf/1706.03762",
        "https://www.arxiv.org/pdf/1706.03762v5.pdf",
        "https://arxiv.org/html/1706.03762v2",
    ],
    "https://example.org/caf%C3%A9": ["https://example.org/café"],
}
DIFFERENT = [
    ("https://example.org/a", "https://example.org/A"),
    ("https://example.org/a", "https://example.org/a/b"),
    ("https://example.org/?v=1", "https://example.org/?v=2"),
    ("https://example.org/a", "https://docs.example.org/a"),
    ("https://example.org/a", "https://example.org:8443/a"),
    ("https://arxiv.org/abs/1706.03762", "https://arxiv.org/abs/1810.04805"),
]
REFUSED = [
    "javascript:alert(1)", "data:text/html,x", "ftp://example.org/a", "file:///etc/passwd",
    "mailto:a@example.org", "//example.org/a", "example.org/a", "https://", "https:///path",
    "http://nohost", "https://exa mple.org/", "https://example.org/a b", "https://[::1",
    "https://example.org:99999/", "https://example.org/\x00", "", "   ",
]  # fmt: skip


@pytest.mark.parametrize(("form", "url"), [(f, u) for f, urls in SAME.items() for u in [f, *urls]])
def test_spellings_of_one_link(form: str, url: str) -> None:
    assert canonical(url) == canonical(form) == form


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_links_that_lead_elsewhere(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize("url", REFUSED)
def test_what_is_no_web_link(url: str) -> None:
    with pytest.raises(ValueError, match="no |blank|control"):
        canonical(url)


def test_the_canonical_form_is_its_own() -> None:
    for form in SAME:
        assert canonical(canonical(form)) == canonical(form)


@pytest.mark.django_db
def test_a_second_spelling_updates_and_is_shown_as_loaded() -> None:
    first = {"title": "A", "url": "http://www.example.org/a/", "kind": "book"}
    assert catalogue.upsert(first).change == "created"
    assert Resource.objects.get().url == "http://www.example.org/a/"
    again = catalogue.upsert(first | {"url": "https://example.org/a#top"})
    assert again.change == "updated"
    assert Resource.objects.get().url == "https://example.org/a#top"
