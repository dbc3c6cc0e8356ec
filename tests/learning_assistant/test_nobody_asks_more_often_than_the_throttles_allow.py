"""Sessions, addresses and API keys may ask so often at once and then at a steady rate; a 429 says
which limit it was and when to come again. All of it is counted in the broker, exactly."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from django.db import connections
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from learning_assistant import api_keys, rates, throttles
from tests.conftest import forget_broker_clients

pytestmark = pytest.mark.django_db
API = "/api/learning"
HERE, THERE = "198.51.100.7", "203.0.113.9"


@pytest.fixture(autouse=True)
def counted_anew(valkey: "redis.Redis", settings: Settings) -> Iterator[None]:
    throttles._counter.forget()
    yield
    throttles._counter.forget()


def ask(
    client: Client, session: Any = "s", address: str = HERE, path: str = "exercises", **more: Any
) -> HttpResponse:
    body = {"exercise_type": "cloze", "session_id": session}
    answer: HttpResponse = client.post(
        f"{API}/{path}", body, content_type="application/json", REMOTE_ADDR=address, **more
    )  # type: ignore[assignment]
    return answer


def statuses(answers: list[HttpResponse]) -> dict[int, int]:
    return dict(Counter(answer.status_code for answer in answers))


def test_the_first_too_many_of_a_session_says_which_limit_and_when_to_come(
    client: Client, settings: Settings
) -> None:
    settings.THROTTLE_SESSION = "3/h"
    assert statuses([ask(client) for _ in range(3)]) == {200: 3}
    refused = ask(client)
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert 1190 < int(refused["Retry-After"]) <= 1200
    assert refused.json()["detail"] == (
        "Too many requests of this session: THROTTLE_SESSION=3/h lets through 3 requests at once "
        f"and then one every 1200 s; try again in {refused['Retry-After']} s."
    )
    assert ask(client, "another").status_code == 200
    assert ask(client, " s ").status_code == 429, "an id is trimmed"


def test_every_endpoint_of_a_session_counts_for_it(client: Client, settings: Settings) -> None:
    settings.THROTTLE_SESSION = "4/h"
    attempt = "exercises/1/attempts/0c9e1f6e-6a4c-4b1c-9d76-0d5c4a1f2b33?session_id=s"
    for path in ("exercises/1/attempts", "exercises/1/hints", "exercises/1/solution"):
        assert ask(client, path=path).status_code in (400, 404)
    assert client.get(f"{API}/{attempt}").status_code == 404
    for path in ("exercises", "resources", "exercises/1/attempts", "exercises/1/hints"):
        assert ask(client, path=path).status_code == 429
    assert client.get(f"{API}/{attempt}").status_code == 429
    assert client.get(f"{API}/sessions/s/progress").status_code == 429


def test_an_address_counts_whatever_it_sends(client: Client, settings: Settings) -> None:
    settings.THROTTLE_ADDRESS = "6/h"
    url = f"{API}/exercises"
    sent: list[Callable[[], Any]] = [
        lambda: ask(client, "one"),
        lambda: ask(client, "two"),
        lambda: ask(client, {"no": "string"}),
        lambda: client.post(url, "{", content_type="application/json", REMOTE_ADDR=HERE),
        lambda: client.post(url, "x", content_type="text/plain", REMOTE_ADDR=HERE),
        lambda: client.post(f"{API}/search", headers={"authorization": "Api-Key x"},
                            REMOTE_ADDR=HERE),
    ]  # fmt: skip
    assert [send().status_code for send in sent] == [200, 200, 400, 400, 415, 401]
    for send in sent:
        answer = send()
        assert answer.status_code == 429
        assert "THROTTLE_ADDRESS=6/h" in answer.json()["detail"]
    assert ask(client, "one", THERE).status_code == 200


def test_an_ipv6_client_is_its_64_bits(client: Client, settings: Settings) -> None:
    settings.THROTTLE_ADDRESS = "2/h"
    assert ask(client, address="2001:db8:1:2::1").status_code == 200
    assert ask(client, address="2001:db8:1:2:ffff::2").status_code == 200
    assert ask(client, address="2001:db8:1:2:aaaa:bbbb:cccc:dddd").status_code == 429
    assert ask(client, address="2001:db8:1:3::1").status_code == 200


def test_who_speaks_from_this_machine_is_counted_by_session_alone(
    client: Client, settings: Settings
) -> None:
    settings.THROTTLE_ADDRESS, settings.THROTTLE_SESSION = "1/h", "2/h"
    for address in ("127.0.0.1", "::1", ""):
        session = f"at {address}"
        assert ask(client, session, address).status_code == 200
        assert ask(client, session, address).status_code == 200
        assert "THROTTLE_SESSION" in ask(client, session, address).json()["detail"]


def test_what_one_limit_refuses_counts_for_none(client: Client, settings: Settings) -> None:
    settings.THROTTLE_SESSION, settings.THROTTLE_ADDRESS = "1/h", "2/h"
    assert ask(client).status_code == 200
    assert statuses([ask(client) for _ in range(5)]) == {429: 5}
    assert ask(client, "another").status_code == 200


def test_a_key_counts_by_itself(client: Client, settings: Settings) -> None:
    settings.THROTTLE_KEY, settings.THROTTLE_ADDRESS = "2/h", "1/h"
    settings.THROTTLE_SESSION = "1/h"  # a search has no session, whatever its body says
    keys = [api_keys.create(name, ["search"])[1] for name in ("A", "B")]

    def search(key: str) -> HttpResponse:
        headers = {"authorization": f"Api-Key {key}"}
        return ask(client, path="search", headers=headers)

    assert statuses([search(keys[0]) for _ in range(3)]) == {400: 2, 429: 1}
    assert "THROTTLE_KEY=2/h" in search(keys[0]).json()["detail"]
    assert search(keys[1]).status_code == 400


def test_the_rate_is_steady_after_the_first_burst(client: Client, settings: Settings) -> None:
    settings.THROTTLE_SESSION = "20/s"
    allowed = 0
    while (answer := ask(client)).status_code == 200:  # 20 at once, then one every 50 ms
        allowed += 1
        assert allowed < 2000
    assert allowed >= 20
    assert answer["Retry-After"] == "1"


def test_of_many_at_once_no_more_than_allowed_come_through(settings: Settings) -> None:
    settings.THROTTLE_SESSION = "40/d"
    limit = throttles.Limit("THROTTLE_SESSION", "this session", "s")

    def take(_: int) -> bool:
        try:
            throttles.take(iter([limit]))
        except throttles.TooMany:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(take, range(400))) == 40


def test_off_counts_nothing(client: Client, valkey: "redis.Redis") -> None:
    ask(client)
    assert not valkey.keys("la:throttle:*")


def test_the_broker_learns_neither_session_nor_address(
    client: Client, settings: Settings, valkey: "redis.Redis"
) -> None:
    settings.THROTTLE_SESSION = settings.THROTTLE_ADDRESS = "9/s"
    ask(client, "quagga")
    kept = {key: (valkey.get(key), valkey.pttl(key)) for key in valkey.keys("la:throttle:*")}
    assert len(kept) == 2
    assert "quagga" not in str(kept)
    assert HERE not in str(kept)
    assert all(0 < left <= 1000 for _, left in kept.values()), "nothing is kept for longer"


def test_a_clock_put_back_locks_nobody_out(client: Client, settings: Settings) -> None:
    settings.THROTTLE_SESSION = "2/s"
    key = throttles.Limit("THROTTLE_SESSION", "", "s").key
    throttles.client().set(key, 9e15)
    answer = ask(client)
    assert (answer.status_code, answer["Retry-After"]) == (429, "1")


def test_without_the_broker_learners_are_answered_and_programs_are_not(
    client: Client, settings: Settings, no_broker: None, caplog: pytest.LogCaptureFixture
) -> None:
    settings.THROTTLE_SESSION = settings.THROTTLE_ADDRESS = settings.THROTTLE_KEY = "1/h"
    key = api_keys.create("Meeting Room", ["search"])[1]
    assert statuses([ask(client) for _ in range(5)]) == {200: 5}
    headers = {"authorization": f"Api-Key {key}"}
    for _ in range(2):
        answer = ask(client, path="search", headers=headers)
        assert (answer.status_code, answer["Retry-After"]) == (503, "2")
        assert "can't be counted" in answer.json()["detail"]
    told = [r for r in caplog.records if "not counted" in r.message]
    assert len(told) == 1, "a broker that is away is asked once a second"
    settings.THROTTLE_KEY = "off"
    assert ask(client, path="search", headers=headers).status_code == 400


def test_once_the_broker_is_back_it_counts_again(
    client: Client, settings: Settings, tmp_path: Any
) -> None:
    settings.THROTTLE_SESSION = "1/h"
    there = settings.REDIS_URL
    forget_broker_clients()
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    assert statuses([ask(client) for _ in range(3)]) == {200: 3}
    forget_broker_clients()
    settings.REDIS_URL = there
    throttles._counter.forget()  # or a second later
    assert [ask(client).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("raw", ["1/s", "60/m", "600/h", "9000000/d", "off"])
def test_a_rate_is_read(raw: str) -> None:
    assert rates.rate(raw) == raw
    assert (rates.read(raw) is None) == (raw == "off")


@pytest.mark.parametrize("raw", ["0/s", "60", "60/minute", "-1/s", "1.5/s", "none", "60 / m"])
def test_no_rate(raw: str) -> None:
    with pytest.raises(ValueError, match="as 10/s, 60/m, 600/h or 9000/d, or off"):
        rates.rate(raw)
