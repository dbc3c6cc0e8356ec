import httpx
import ollama
import pytest

from tests.learning_assistant.inference.asking import cosine, embed, length, refused
from tests.learning_assistant.inference.conftest import EMBED_MODEL

TEXTS = ["A course on deep learning.", "The history of Rome.", "Neural networks explained."]
LONG = "statistics and probability " * 400


def test_one_text_gives_one_vector_of_length_one(http: httpx.Client) -> None:
    answer = embed(http, TEXTS[0])
    assert len(answer["embeddings"]) == 1
    assert length(answer["embeddings"][0]) == pytest.approx(1, abs=1e-4)
    assert answer["model"] == EMBED_MODEL
    assert answer["total_duration"] > answer["load_duration"] >= 0
    assert answer["prompt_eval_count"] > 4


def test_a_list_gives_a_vector_for_each_in_order(http: httpx.Client) -> None:
    together = embed(http, TEXTS * 3)["embeddings"]
    assert len(together) == 9
    for text, vector in zip(TEXTS * 3, together, strict=True):
        assert cosine(vector, embed(http, text)["embeddings"][0]) > 0.9999


def test_a_list_of_one_is_a_list(http: httpx.Client) -> None:
    assert embed(http, [TEXTS[0]])["embeddings"] == embed(http, TEXTS[0])["embeddings"]


def test_what_means_the_same_lies_near(http: httpx.Client) -> None:
    course, rome, networks = embed(http, TEXTS)["embeddings"]
    assert cosine(course, networks) > cosine(course, rome) + 0.2


def test_the_tokens_of_all_texts_are_counted(http: httpx.Client) -> None:
    alone = sum(embed(http, text)["prompt_eval_count"] for text in TEXTS)
    assert embed(http, TEXTS)["prompt_eval_count"] == alone


def test_fewer_dimensions_are_the_first_ones_at_length_one(http: httpx.Client) -> None:
    whole = embed(http, TEXTS[0])["embeddings"][0]
    part = embed(http, TEXTS[0], dimensions=64)["embeddings"][0]
    assert len(part) == 64
    assert length(part) == pytest.approx(1, abs=1e-4)
    assert cosine(part, whole[:64]) == pytest.approx(1, abs=1e-4)


def test_more_dimensions_than_there_are_change_nothing(http: httpx.Client) -> None:
    assert embed(http, "a", dimensions=9999)["embeddings"] == embed(http, "a")["embeddings"]


def test_a_long_text_is_cut(http: httpx.Client) -> None:
    answer, longer = embed(http, LONG), embed(http, LONG + "and more")
    assert 100 < answer["prompt_eval_count"] < 1200  # it has 1,200 words
    assert answer["embeddings"] == longer["embeddings"]


def test_num_ctx_says_where_a_text_is_cut(http: httpx.Client) -> None:
    assert embed(http, LONG, options={"num_ctx": 128})["prompt_eval_count"] <= 128


def test_a_long_text_that_must_not_be_cut_is_refused(http: httpx.Client) -> None:
    body = {"model": EMBED_MODEL, "input": ["short", LONG], "truncate": False}
    assert "context" in refused(http.post("/api/embed", json=body), 400, 500)


def test_a_text_that_fits_need_not_be_cut(http: httpx.Client) -> None:
    assert embed(http, TEXTS[0], truncate=False) == {
        **embed(http, TEXTS[0]),
        "total_duration": pytest.approx(0, abs=1e11),
        "load_duration": pytest.approx(0, abs=1e11),
    }


@pytest.mark.parametrize("nothing", ["", []], ids=["text", "list"])
def test_nothing_gives_no_vectors(http: httpx.Client, nothing: str | list[str]) -> None:
    assert embed(http, nothing)["embeddings"] == []


def test_marks_and_scripts_do_no_harm(http: httpx.Client) -> None:
    odd = ["  ", "\x00", "<|im_end|> [SEP] [CLS]", "强化学习", "é" * 300, "👩‍🚀" * 200]
    vectors = embed(http, odd)["embeddings"]
    assert [length(vector) for vector in vectors] == pytest.approx([1] * len(odd), abs=1e-4)


def test_half_a_surrogate_pair_does_no_harm(http: httpx.Client) -> None:
    body = b'{"model": "%s", "input": "half \\ud83d a pair"}' % EMBED_MODEL.encode()
    assert len(http.post("/api/embed", content=body).json()["embeddings"]) == 1


def test_the_older_endpoint_gives_the_same_direction(http: httpx.Client) -> None:
    response = http.post("/api/embeddings", json={"model": EMBED_MODEL, "prompt": TEXTS[0]})
    vector = response.json()["embedding"]
    assert cosine(vector, embed(http, TEXTS[0])["embeddings"][0]) > 0.9999


def test_the_official_client_embeds(client: ollama.Client) -> None:
    answer = client.embed(model=EMBED_MODEL, input=TEXTS, dimensions=32)
    assert [len(vector) for vector in answer.embeddings] == [32, 32, 32]


@pytest.mark.parametrize("odd", [5, [1, 2], {"a": 1}, ["a", None]], ids=str)
def test_only_texts_are_embedded(http: httpx.Client, odd: object) -> None:
    assert refused(http.post("/api/embed", json={"model": EMBED_MODEL, "input": odd}), 400)
