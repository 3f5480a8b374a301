"""Parsing of addresses, and the parts of them that are shown."""

from __future__ import annotations

import pytest

from doublure.address import (
    AddressError,
    host_of,
    parse_rtmp,
    parse_rtmp_server,
    redact,
    redact_text,
    redirected,
    with_key,
)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtmp://push.example.com/live/SECRET", "rtmp://push.example.com/live/…"),
        ("rtmp://push.example.com:1936/live/SECRET?sign=S2", "rtmp://push.example.com:1936/live/…"),
        ("rtmp://user:pass@push.example.com/live/SECRET", "rtmp://push.example.com/live/…"),
        ("rtmps://push.example.com/a/b/SECRET", "rtmps://push.example.com/a/…"),
        ("rtmp://push.example.com/SECRET", "rtmp://push.example.com/…"),
        ("rtmp://push.example.com?key=SECRET", "rtmp://push.example.com/…"),
        ("rtmp://push.example.com", "rtmp://push.example.com"),
        ("srt://push.example.com:9000?streamid=SECRET", "srt://push.example.com:9000/…"),
        ("rtmp://push.example.com//SECRET", "rtmp://push.example.com/…"),
        ("rtmp://push.example.com/SECRET?user=a&pass=b", "rtmp://push.example.com/…"),
        ("rtmp://[bad/live/SECRET", "…"),
        ("/srv/shows/one.mp4", "/srv/shows/one.mp4"),
    ],
)
def test_the_key_is_never_shown(url: str, shown: str) -> None:
    assert redact(url) == shown
    assert "SECRET" not in redact(url)
    assert "pass" not in redact(url)


def test_addresses_inside_a_sentence() -> None:
    text = "lost rtmp://a.example.com/live/SECRET, then rtmp://b.example.com/live/SECRET again"
    assert redact_text(text) == "lost rtmp://a.example.com/live/… then rtmp://b.example.com/live/… again"


def test_host_names() -> None:
    assert host_of("rtmp://Push.Example.com.:1935/live/x") == "push.example.com"
    assert host_of("show.mp4") == ""
    assert host_of("rtmp://[bad/live") == ""


def test_a_search_for_addresses_takes_time_in_proportion_to_the_text() -> None:
    # with a search of quadratic time these would take hours
    for text in ("a." * 200_000, "a" * 400_000, "a://" * 100_000, "a+" * 200_000 + "://x"):
        redact_text(text)
    assert "SECRET" not in redact_text("x" * 50 + "rtmp://h/live/SECRET")


@pytest.mark.parametrize(
    ("url", "app", "key", "tc_url"),
    [
        ("rtmp://h/live/k", "live", "k", "rtmp://h:1935/live"),
        ("rtmp://h:1936/live/k?a=1&b=/2", "live", "k?a=1&b=/2", "rtmp://h:1936/live"),
        ("rtmps://h/app/inst/k", "app/inst", "k", "rtmps://h:443/app/inst"),
        ("rtmp://[::1]:9/live/k", "live", "k", "rtmp://[::1]:9/live"),
        (" rtmp://h/a/b/c/d ", "a/b", "c/d", "rtmp://h:1935/a/b"),
        ("RTMP://Host/Live/Key", "Live", "Key", "rtmp://host:1935/Live"),
        ("rtmp://h/live/k#1;2", "live", "k#1;2", "rtmp://h:1935/live"),
        ("rtmp://u:p@h/live/k", "live", "k", "rtmp://h:1935/live"),
        ("rtmp://h//live/k", "live", "k", "rtmp://h:1935/live"),
        # without an application
        ("rtmp://h/stream?user=a&pass=b", "", "stream?user=a&pass=b", "rtmp://h:1935/"),
        ("rtmp://h//stream", "", "stream", "rtmp://h:1935/"),
    ],
)
def test_addresses_are_split_as_platforms_mean_them(url: str, app: str, key: str, tc_url: str) -> None:
    address = parse_rtmp(url)
    assert (address.app, address.key, address.tc_url) == (app, key, tc_url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", ""),
        ("show", ""),
        ("http://h/live/k", ""),
        ("rtmp:///live/k", ""),
        ("rtmp://[bad/live/k", ""),
        ("rtmp://h\\@127.0.0.1/live/k", ""),
        ("rtmp://h", "no application and no stream key"),
        ("rtmp://h?x=/y?z", "no application and no stream key"),
        ("rtmp://h/live", "no stream key"),
        ("rtmp://h/live/", "no stream key"),
        ("rtmp://h:0/live/k", "port"),
        ("rtmp://h:99999/live/k", "port"),
        ("rtmp://h:x/live/k", "port"),
        ("rtmp://a..b/live/k", "host"),
        (f"rtmp://{'a' * 64}.com/live/k", "host"),
        (f"rtmp://{'a.' * 200}com/live/k", "host"),
        ("rtmp://h/live/k\nx", "control"),
        ("rtmp://h/live/two words", "blank"),
        (f"rtmp://h/live/{'k' * 5000}", "4096"),
    ],
)
def test_what_is_no_rtmp_address_is_refused_with_a_reason(url: str, why: str) -> None:
    with pytest.raises(AddressError, match=f"not an RTMP address.*{why}") as caught:
        parse_rtmp(url)
    assert "live" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "key", "whole"),
    [
        ("rtmp://h/live", "k", "rtmp://h/live/k"),
        ("rtmp://h/live/", "/k?a=1", "rtmp://h/live/k?a=1"),
        ("rtmp://h", "stream?user=a", "rtmp://h//stream?user=a"),
        ("rtmp://h/", "k", "rtmp://h//k"),
    ],
)
def test_an_address_and_its_key_are_joined(url: str, key: str, whole: str) -> None:
    assert with_key(url, key) == whole
    assert parse_rtmp(whole).key == key.lstrip("/")
    assert parse_rtmp_server(url).host == "h"


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("rtmp://other/app", "rtmp://other:1935/app"),
        ("rtmp://other:1936", "rtmp://other:1936/live"),
        ("rtmps://other/app/inst/", "rtmps://other:443/app/inst"),
        ("rtmp://other/app/k", "rtmp://other:1935/app"),
        ("rtmp://other/k", "rtmp://other:1935/live"),
        ("rtmp://other/back", "rtmp://other:1935/back"),
        ("rtmp://other/app?token=1", "rtmp://other:1935/app"),
    ],
)
def test_a_redirection_changes_the_server_and_keeps_the_key(url: str, where: str) -> None:
    there = redirected(parse_rtmp("rtmp://h/live/k?sign=s"), url)
    assert (there.tc_url, there.key) == (where, "k?sign=s")
