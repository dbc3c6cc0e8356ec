import httpx
import pytest

from tests.learning_assistant.inference.asking import chat, generate, refused
from tests.learning_assistant.inference.conftest import CHAT_MODEL

STORY = [{"role": "user", "content": "Tell me a story about a bear."}]
COUNT = "one two three four five six seven eight nine ten one two three four five six seven"


@pytest.mark.parametrize("tokens", [1, 5])
def test_num_predict_limits_the_tokens(http: httpx.Client, tokens: int) -> None:
    answer = chat(http, STORY, options={"num_predict": tokens})
    assert (answer["eval_count"], answer["done_reason"]) == (tokens, "length")


def test_an_answer_ends_by_itself(http: httpx.Client) -> None:
    said = [{"role": "user", "content": "Say only the word yes."}]
    answer = chat(http, said, options={"num_predict": 400})
    assert answer["done_reason"] == "stop"
    assert answer["eval_count"] < 400


def test_no_temperature_means_no_chance(http: httpx.Client) -> None:
    assert chat(http, STORY)["message"] == chat(http, STORY)["message"]


def test_a_seed_repeats_an_answer(http: httpx.Client) -> None:
    one, same = (chat(http, STORY, options={"temperature": 1, "seed": 7}) for _ in range(2))
    assert one["message"] == same["message"]


def test_another_seed_gives_another_answer(http: httpx.Client) -> None:
    texts = {
        chat(http, STORY, options={"temperature": 1.5, "seed": seed})["message"]["content"]
        for seed in range(4)
    }
    assert len(texts) > 1


def test_a_single_candidate_leaves_no_choice(http: httpx.Client) -> None:
    one, other = (
        chat(http, STORY, options={"temperature": 1.5, "top_k": 1, "seed": seed}) for seed in (1, 2)
    )
    assert one["message"] == other["message"]


def test_a_tiny_top_p_leaves_no_choice(http: httpx.Client) -> None:
    one, other = (
        chat(http, STORY, options={"temperature": 1.5, "top_p": 1e-6, "seed": seed})
        for seed in (1, 2)
    )
    assert one["message"] == other["message"]


def test_a_stop_text_ends_the_answer_before_itself(http: httpx.Client) -> None:
    free = generate(http, COUNT, raw=True, options={"repeat_penalty": 1.0})["response"]
    word = free.split()[2]
    options = {"repeat_penalty": 1.0, "stop": [word]}
    answer = generate(http, COUNT, raw=True, options=options)
    assert answer["done_reason"] == "stop"
    assert answer["response"] == free.split(word)[0]


def test_a_repeat_penalty_changes_what_is_said(http: httpx.Client) -> None:
    lax, strict = (
        generate(http, COUNT, raw=True, options={"repeat_penalty": penalty, "repeat_last_n": 64})
        for penalty in (1.0, 3.0)
    )
    assert lax["response"] != strict["response"]


def test_num_ctx_limits_the_prompt(http: httpx.Client) -> None:
    long = [{"role": "user", "content": "bear " * 600}]
    answer = chat(http, long, options={"num_ctx": 256, "num_predict": 4})
    assert 4 < answer["prompt_eval_count"] <= 256
    assert answer["done"] is True


def test_a_whole_number_may_be_written_with_a_point(http: httpx.Client) -> None:
    assert chat(http, STORY, options={"num_predict": 3.0})["eval_count"] == 3


def test_an_unknown_option_changes_nothing(http: httpx.Client) -> None:
    plain, more = chat(http, STORY), chat(http, STORY, options={"no_such_option": True})
    assert plain["message"] == more["message"]


@pytest.mark.parametrize(
    "options",
    [{"temperature": "hot"}, {"num_predict": "many"}, {"stop": 5}, {"seed": "lucky"}],
    ids=lambda options: next(iter(options)),
)
def test_an_option_of_the_wrong_type_is_refused(
    http: httpx.Client, options: dict[str, object]
) -> None:
    body = {"model": CHAT_MODEL, "messages": STORY, "options": options, "stream": False}
    message = refused(http.post("/api/chat", json=body), 400, 500)  # Ollama says 500
    assert next(iter(options)) in message
