import httpx

from tests.learning_assistant.inference.asking import chat, refused
from tests.learning_assistant.inference.conftest import CHAT_MODEL

WHOLE = {"num_predict": 24, "repeat_penalty": 1.0}
ASK = {"role": "user", "content": "What is my name?"}
TOLD = [
    {"role": "user", "content": "My name is Zebulon."},
    {"role": "assistant", "content": "Hello Zebulon."},
]


def test_earlier_messages_are_part_of_the_prompt(http: httpx.Client) -> None:
    assert chat(http, [*TOLD, ASK])["prompt_eval_count"] > chat(http, [ASK])["prompt_eval_count"]


def test_earlier_messages_are_remembered(http: httpx.Client) -> None:
    answer = chat(http, [*TOLD, ASK], options=WHOLE)
    assert "Zebulon" in answer["message"]["content"]


def test_a_system_message_is_read(http: httpx.Client) -> None:
    one, other = (
        chat(http, [{"role": "system", "content": words}, ASK])
        for words in ("You are a pirate.", "You are a doctor who speaks only of illness.")
    )
    assert one["message"]["content"] != other["message"]["content"]


def test_an_answer_that_was_begun_is_continued(http: httpx.Client) -> None:
    begun = {"role": "assistant", "content": "One, two, three, four,"}
    said = [{"role": "user", "content": "Count to ten in words."}, begun]
    answer = chat(http, said, options={"repeat_penalty": 1.0})
    assert answer["message"]["content"].lstrip().startswith("five")


def test_the_oldest_messages_go_first_when_there_is_no_room(http: httpx.Client) -> None:
    old = [{"role": "user", "content": "old " * 150}] * 4
    answer = chat(http, [*old, *TOLD, ASK], options={**WHOLE, "num_ctx": 256})
    assert answer["prompt_eval_count"] <= 256
    assert "Zebulon" in answer["message"]["content"]


def test_what_must_not_be_cut_is_refused(http: httpx.Client) -> None:
    body = {
        "model": CHAT_MODEL,
        "messages": [{"role": "user", "content": "word " * 3000}],
        "options": {"num_ctx": 1024},
        "truncate": False,
        "stream": False,
    }
    assert "context" in refused(http.post("/api/chat", json=body), 400, 500)
