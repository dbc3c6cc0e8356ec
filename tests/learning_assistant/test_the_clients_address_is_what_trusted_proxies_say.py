"""A forwarding header counts only where a trusted proxy sends it, from its right end."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from learning_assistant import client_address
from tests.commands import manage

CLIENT, OTHER, PROXY = "203.0.113.9", "198.51.100.7", "10.0.0.1"


def address(peer: str, forwarded: str | None, **more: str) -> str:
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_address.of(RequestFactory().get("/", REMOTE_ADDR=peer, **headers, **more))


@pytest.mark.parametrize("header", [None, OTHER, f"{OTHER}, {PROXY}", "127.0.0.1", "", "nonsense"])
def test_by_default_nobody_is_believed(header: str | None) -> None:
    assert address(CLIENT, header) == CLIENT
    assert address("127.0.0.1", header) == "127.0.0.1"


@pytest.mark.parametrize(
    ("peer", "header", "expected"),
    [
        (PROXY, CLIENT, CLIENT),
        (PROXY, f"{OTHER}, {CLIENT}", CLIENT),  # the client made the first one up
        (PROXY, f"{OTHER}, {CLIENT}, 10.9.9.9", CLIENT),  # two proxies of ours
        (PROXY, f"{OTHER},{CLIENT} , 2001:db8:9::1,10.0.0.2", CLIENT),
        (PROXY, "10.0.0.3, 10.0.0.2", "10.0.0.3"),  # all are ours: the farthest
        (PROXY, None, PROXY),
        (PROXY, "", PROXY),
        (PROXY, f"{OTHER}, unknown", PROXY),
        (PROXY, f"{CLIENT}, _hidden, 10.0.0.2", "10.0.0.2"),
        (PROXY, f"{CLIENT}:1234", CLIENT),
        (PROXY, "[2001:db8::7]:443", "2001:db8::7"),
        (PROXY, "2001:db8::7", "2001:db8::7"),
        (PROXY, "fe80::1%eth0", "fe80::1"),
        (PROXY, f"::ffff:{CLIENT}", CLIENT),
        (f"::ffff:{PROXY}", CLIENT, CLIENT),
        ("2001:db8:9::5", CLIENT, CLIENT),
        (CLIENT, OTHER, CLIENT),  # is no proxy of ours
        ("", CLIENT, "127.0.0.1"),  # a Unix socket, and loopback is not trusted
    ],
)
def test_of_a_chain_it_is_the_last_that_is_not_ours(
    settings: Settings, peer: str, header: str | None, expected: str
) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "2001:db8:9::/48"]
    assert address(peer, header) == expected


def test_a_proxy_on_a_unix_socket_is_loopback(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    assert address("", CLIENT) == CLIENT


def test_another_header_counts_only_where_it_is_named(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [PROXY]
    assert address(PROXY, OTHER, HTTP_CF_CONNECTING_IP=CLIENT) == OTHER
    settings.CLIENT_ADDRESS_HEADER = "CF-Connecting-IP"
    assert address(PROXY, OTHER, HTTP_CF_CONNECTING_IP=CLIENT) == CLIENT
    assert address(OTHER, None, HTTP_CF_CONNECTING_IP=CLIENT) == OTHER
    assert address(PROXY, OTHER) == PROXY


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        (CLIENT, CLIENT), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (f"::ffff:{CLIENT}", CLIENT), ("127.0.0.1", None), ("127.9.9.9", None), ("::1", None),
        ("", None),
    ],
)  # fmt: skip
def test_what_a_client_counts_by(address: str, counted: str | None) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=address)
    assert client_address.to_count(request) == counted
    assert client_address.of_login(request) == (counted or address or "127.0.0.1")


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("TRUSTED_PROXIES", "10.0.0.1,nowhere", "'nowhere' does not appear to be an IPv4 or IPv6"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "10.0.0.1/8 has host bits set"),
        ("CLIENT_ADDRESS_HEADER", "X_Forwarded_For", "it must be the name of a header"),
        ("THROTTLE_ADDRESS", "often", "as 10/s, 60/m, 600/h or 9000/d, or off"),
    ],
)
def test_what_can_not_be_read_stops_the_start(variable: str, value: str, complaint: str) -> None:
    done = manage("check", **{variable: value})
    assert done.returncode == 1
    assert f"{variable}='{value}' can't be used" in done.stderr
    assert complaint in done.stderr
