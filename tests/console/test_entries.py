"""Validation of the operator's input."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from doublure.address import parse_rtmp
from doublure.console.entries import PushEntry


@pytest.mark.parametrize(
    ("url", "key", "app", "whole_key"),
    [
        ("rtmp://h/live", "k", "live", "k"),
        ("rtmp://h/live/", "/k?a=1", "live", "k?a=1"),
        ("rtmp://h/live/k", "", "live", "k"),
        ("rtmp://h", "stream?user=a&pass=b", "", "stream?user=a&pass=b"),
        ("rtmp://h/stream?user=a&pass=b", "", "", "stream?user=a&pass=b"),
    ],
)
def test_an_address_comes_with_its_key_or_apart(url: str, key: str, app: str, whole_key: str) -> None:
    address = parse_rtmp(PushEntry(url=url, key=key).address)
    assert (address.app, address.key) == (app, whole_key)


@pytest.mark.parametrize(
    "url",
    [
        "show",
        "http://h/live",
        "rtmp://",
        "rtmp://h:0/live",
        "rtmp://[bad/live",
        "rtmp://a..b/live",
        "rtmp://h/a b",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="rtmp://server/app"):
        PushEntry(url=url, key="k")
