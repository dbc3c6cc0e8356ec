"""The model of a card's time, by its own clock: nothing here waits."""

import math

import pytest

from tests.load.card import CARDS, CHARACTERS_A_TOKEN, Card, Job, QueueFull, State

CARD = CARDS["rtx5060ti"]


def text(tokens: int, letter: str = "a") -> str:
    return letter * (tokens * CHARACTERS_A_TOKEN)


def job(prompt: int, tokens: int, *, letter: str = "a", keep_alive: float = math.inf) -> Job:
    return Job(text(prompt, letter), tokens, text(tokens, "z"), keep_alive)


def work(card: Card, until: float = math.inf) -> None:
    """Batch after batch, until all is done or a batch would end later than *until*."""
    while seconds := card.step():
        if card.now + seconds > until:
            return
        card.finish()


def warm(parallel: int, curve: str = "best", max_queue: int = 512) -> Card:
    """A card that has the model, and nothing in its caches."""
    card = Card(CARD, curve, parallel, max_queue=max_queue)
    card.submit(job(1, 1), 0.0)
    work(card)
    for slot in card.slots:
        slot.text = ""
    return card


@pytest.mark.parametrize(("curve", "streams", "rate"), [
    ("best", 1, 71), ("worst", 1, 71), ("best", 10, 350), ("worst", 10, 114),
])  # fmt: skip
def test_streams_write_at_the_rates_that_were_given(curve: str, streams: int, rate: float) -> None:
    card = warm(streams, curve)
    jobs = [job(1, 101) for _ in range(streams)]
    for each in jobs:
        card.submit(each, card.now)
    work(card)
    writing = jobs[0].done - jobs[0].read
    assert streams * 100 / writing == pytest.approx(rate, rel=0.01)


def test_more_streams_write_more_together_and_less_each() -> None:
    for curve in CARD.curves.values():
        rates = [curve.rate(n) for n in range(1, 101)]
        assert rates == sorted(rates)
        each = [rate / n for n, rate in enumerate(rates, start=1)]
        assert each == sorted(each, reverse=True)


def test_an_answer_takes_its_prompt_then_its_tokens() -> None:
    card = warm(1)
    one = job(350, 72)
    card.submit(one, card.now)
    work(card)
    assert one.read - one.started == pytest.approx(350 / 3500)
    assert one.done - one.read == pytest.approx(71 / 71)


def test_prompts_share_the_rate_of_reading() -> None:
    card = warm(10)
    jobs = [job(350, 1, letter=chr(97 + n)) for n in range(10)]
    for each in jobs:
        card.submit(each, card.now)
    began = card.now
    work(card)
    assert max(each.read for each in jobs) - began == pytest.approx(3500 / 3500)


def test_whoever_comes_anew_slows_the_others_down() -> None:
    alone, disturbed = warm(2), warm(2)
    first, second = job(10, 50), job(10, 50)
    alone.submit(first, alone.now)
    work(alone)
    disturbed.submit(second, disturbed.now)
    work(disturbed, disturbed.now + 0.2)
    disturbed.submit(job(1750, 1, letter="b"), disturbed.now)
    work(disturbed)
    assert second.done - second.arrived == pytest.approx(first.done - first.arrived + 0.5, abs=0.03)


def test_a_long_prompt_does_not_stop_the_others() -> None:
    card = warm(2)
    writer, reader = job(10, 100), job(3500, 1, letter="b")
    card.submit(writer, card.now)
    work(card, card.now + 0.1)
    card.submit(reader, card.now)
    before = writer.written
    while reader.state is State.READING:
        card.step()
        card.finish()
    assert writer.written - before >= 7  # one for each batch of 512 tokens


def test_a_slot_reads_only_what_is_new_to_it() -> None:
    card = warm(1)
    first = Job(text(300) + text(20, "b"), 1)
    second = Job(text(300) + text(50, "c"), 1)
    for each in (first, second):
        card.submit(each, card.now)
        work(card)
    assert (first.cached, second.cached) == (0, 300)
    assert second.read - second.started == pytest.approx(50 / 3500)


def test_even_a_known_prompt_has_its_last_token_read() -> None:
    card = warm(1)
    jobs = [job(100, 1), job(100, 1)]
    for each in jobs:
        card.submit(each, card.now)
        work(card)
    assert jobs[1].cached == 99


def test_the_free_slot_that_knows_most_is_taken() -> None:
    card = warm(2)
    long, other = job(200, 1), job(200, 1, letter="b")
    card.submit(other, card.now)
    card.submit(long, card.now)
    work(card)
    again = Job(text(200) + text(10, "c"), 1)
    card.submit(again, card.now)
    assert again.cached == 200


def test_a_conversation_goes_on_where_its_answer_ended() -> None:
    card = warm(1)
    first = job(100, 10)
    card.submit(first, card.now)
    work(card)
    more = Job(first.prompt + first.answer + text(5, "b"), 1)
    card.submit(more, card.now)
    assert more.cached == 110


def test_those_without_a_slot_wait_in_order() -> None:
    card = warm(1)
    jobs = [job(10, 20) for _ in range(3)]
    for each in jobs:
        card.submit(each, card.now)
    work(card)
    assert [each.started for each in jobs[1:]] == [each.done for each in jobs[:2]]


def test_a_full_queue_refuses() -> None:
    card = warm(2, max_queue=1)
    for _ in range(3):
        card.submit(job(10, 20), card.now)
    with pytest.raises(QueueFull):
        card.submit(job(10, 20), card.now)


def test_who_leaves_frees_the_slot_at_once() -> None:
    card = warm(1)
    leaving, waiting = job(10, 1000), job(10, 5)
    card.submit(leaving, card.now)
    card.submit(waiting, card.now)
    work(card, card.now + 0.5)
    card.drop(leaving)
    assert waiting.state is State.READING
    work(card)
    assert leaving.state is State.DROPPED
    assert waiting.done - waiting.arrived < 0.7


def test_who_leaves_the_queue_is_never_worked_on() -> None:
    card = warm(1)
    jobs = [job(10, 20) for _ in range(3)]
    for each in jobs:
        card.submit(each, card.now)
    card.drop(jobs[1])
    work(card)
    assert [each.written for each in jobs] == [20, 0, 20]


def test_a_cold_model_takes_ten_seconds() -> None:
    card = Card(CARD, "best", 1)
    one = job(35, 1)
    card.submit(one, 100.0)
    assert card.loaded_until(100.0) is None
    work(card)
    assert one.started - one.arrived == pytest.approx(10.0)
    assert one.done == pytest.approx(110.01)


@pytest.mark.parametrize(("keep_alive", "pause", "seconds"), [
    (60.0, 59.0, 0.01), (60.0, 61.0, 10.01), (math.inf, 1e6, 0.01), (0.0, 0.001, 10.01),
])  # fmt: skip
def test_an_idle_model_stays_as_long_as_the_last_request_said(
    keep_alive: float, pause: float, seconds: float
) -> None:
    card = warm(1)
    card.submit(job(10, 1, letter="b", keep_alive=keep_alive), card.now)
    work(card)
    later = job(35, 1, letter="c")
    card.submit(later, card.now + pause)
    work(card)
    assert later.done - later.arrived == pytest.approx(seconds)


def test_a_load_is_given_up_when_the_one_it_is_for_leaves() -> None:
    card = Card(CARD, "best", 2)
    first, second = job(35, 1), job(35, 1, letter="b")
    card.submit(first, 0.0)
    work(card, 5.0)
    card.submit(second, card.now)
    card.drop(first)
    left = card.now
    work(card)
    assert second.started - left == pytest.approx(10.0, abs=0.11)


def test_a_model_that_nobody_waits_for_is_never_loaded() -> None:
    card = Card(CARD, "best", 1)
    for second in range(20):
        one = job(35, 1)
        card.submit(one, float(second))
        work(card, second + 0.9)
        card.drop(one)
    assert card.loaded_until(card.now) is None
