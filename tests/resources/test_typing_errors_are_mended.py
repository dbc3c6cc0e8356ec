"""A misspelt question finds what the right one finds; words that somebody knows stay."""

import uuid

import pytest
from django.core.management import call_command
from django.test import Client

from resources.models import IndexVersion
from resources.rag import search, spelling
from resources.rag.spelling import Speller, english
from sessions.models import Interaction
from tests.resources.making import add, filters, index
from tests.scripted import Script

OWN = {
    "regression": 40, "gradient": 30, "networks": 50, "neural": 60, "beginners": 90, "pytorch": 9,
    "lstm": 5, "curse": 2, "statistics": 20, "probability": 12, "tokenize": 3, "lambda": 4,
    "transformers": 30,
}  # fmt: skip


@pytest.fixture(scope="module")
def speller() -> Speller:
    return Speller(english(), OWN)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("regresion", "regression"),
        ("gradiant", "gradient"),
        ("netwroks", "networks"),
        ("nueral", "neural"),
        ("pytroch", "pytorch"),
        ("begginers", "beginners"),
        ("probabilty", "probability"),
        ("statisics", "statistics"),
        ("definately", "definitely"),
    ],
)
def test_what_was_meant(speller: Speller, typed: str, meant: str) -> None:
    assert speller.corrections(f"about {typed}?") == {typed: meant}


@pytest.mark.parametrize(
    "query",
    [
        "I'm a nurse",  # not the index's "curse"
        "pytorch lstm",
        "colour and color, analyse and analyze",
        "deploying Kaldi, LSTMs and DeepLab",  # names
        "what is xlambda",  # a first letter is rarely wrong
        "llm, vae, gans",  # too short to tell
        "fast.ai or sk-learn2 with GPT4",
        "Velickovic and Gerón",
        "tokenized",
        "",
        "数学 математика",
    ],
)
def test_what_somebody_knows_stays(speller: Speller, query: str) -> None:
    assert speller.corrections(query) == {}


def test_only_the_first_word_may_have_a_capital(speller: Speller) -> None:
    assert speller.corrections("Nueral networks") == {"Nueral": "Neural"}
    assert speller.corrections("the Nueral library") == {}


@pytest.fixture
def zebras(model_server: Script) -> Script:
    for word in ("stripes", "hooves", "savannah", "foals"):
        add(f"Zebra {word}", facets=[f"You want to know about {word}"])
    index()
    return model_server


@pytest.mark.django_db
def test_the_search_is_for_what_was_meant(
    zebras: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    found = search.search("zebra savanah", filters(), 3)
    assert found.searched_for == "zebra savannah"
    assert found.resources[0]["title"] == "Zebra savannah"
    call_command("search", "zebra savanah")
    assert capsys.readouterr().out.startswith("searched for: zebra savannah\n1. Zebra savannah")


@pytest.mark.django_db
def test_a_word_that_came_after_the_words_were_read_stays(zebras: Script) -> None:
    assert search.search("zebra stripez", filters(), 3).searched_for == "zebra stripes"
    add("Stripez, the library")
    index()
    assert search.search("zebra stripez", filters(), 3).searched_for == "zebra stripez"


@pytest.mark.django_db
def test_the_words_are_read_anew_after_a_while(zebras: Script) -> None:
    version = IndexVersion.objects.active()
    assert version is not None
    assert spelling.corrected(version.pk, "okapia") == "okapia"
    kept = spelling._spellers._by_version[version.pk]
    before, kept.at = kept.speller, float("-inf")
    spelling.corrected(version.pk, "okapia")
    with kept.reading:  # free again once the thread is done
        assert kept.speller is not before


def test_the_learners_own_text_is_stored(
    committed_db: None, zebras: Script, lane_worker: None, client: Client
) -> None:
    search.search("zebra", filters(), 3)  # as a worker that is warm has read the words
    body = {"query": "zebra savanah", "session_id": "learner-1"}
    answer = client.post("/api/learning/resources", body, content_type="application/json").json()
    assert answer["searched_for"] == "zebra savannah"
    assert answer["resources"][0]["title"] == "Zebra savannah"
    assert Interaction.objects.get(pk=uuid.UUID(answer["query_id"])).query == "zebra savanah"
    body["query"] = "zebra savannah"
    answer = client.post("/api/learning/resources", body, content_type="application/json").json()
    assert answer["searched_for"] is None
