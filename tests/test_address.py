"""What is shown of an address."""

from __future__ import annotations

import pytest

from doublure.address import host_of, redact, redact_text


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
