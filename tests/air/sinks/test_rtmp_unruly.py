"""Pushing to servers that misbehave: nothing stands still, grows, or is held up at the end."""

from __future__ import annotations

import itertools
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from doublure.air.encoder import Encoder
from doublure.air.output import Output
from doublure.air.settings import SinkSettings
from doublure.air.sinks import rtmp
from doublure.clock import RealClock
from doublure.errors import SinkError
from tests.claps import SMALL, packets
from tests.servers import free_port
from tests.unruly import (
    CONNECTED,
    command,
    drain,
    dripping,
    exactly,
    flooding,
    message,
    pinging,
    redirecting,
    refusing,
    server,
    shake,
    welcome,
    willing,
)

KEY = "se-cret?token=abc%2Fdef"
HEADER = Encoder(SMALL).header


def sink_of(port: int, scheme: str = "rtmp") -> rtmp.RtmpSink:
    return rtmp.make(SinkSettings(engine="rtmp", name="rtmp", url=f"{scheme}://127.0.0.1:{port}/live/{KEY}"))


def refusal(port: int) -> SinkError:
    sink = sink_of(port)
    with pytest.raises(SinkError) as caught:
        sink.open(HEADER)
    assert "cret" not in str(caught.value)
    assert caught.value.__suppress_context__
    sink.close()
    return caught.value


def written(sink: rtmp.RtmpSink) -> SinkError:
    """What ends the push; packets are written as fast as they go."""
    _, coded = packets(50)
    try:
        for packet in itertools.islice(itertools.cycle(coded), 100_000):
            sink.write(packet)
    except SinkError as fault:
        return fault
    raise AssertionError("the push was not ended")


# ---- what a server says ------------------------------------------------------------------------


def test_an_answer_whose_last_chunk_is_one_byte_is_an_answer() -> None:
    def speaks(caller: socket.socket) -> None:
        shake(caller)
        bare = len(command("_result", 1.0, None, CONNECTED)) - 12
        whole = 129 if bare <= 126 else 257
        answer = command("_result", 1.0, None, CONNECTED, padding=whole - bare + (whole == 257))
        assert (len(answer) - 12 - len(range(128, whole, 128))) == whole
        caller.sendall(answer)
        time.sleep(0.2)
        caller.sendall(command("_result", 4.0, None, 1.0))
        caller.sendall(command("onStatus", 0.0, None, {"level": "status"}))
        drain(caller)

    with server(speaks) as port:
        sink = sink_of(port)
        sink.open(HEADER)
        sink.close()


def test_a_long_refusal_is_cut_and_holds_no_control_character() -> None:
    words = "no\r\revent: close\x1b[2J " + "a." * 30_000
    with server(refusing(words)) as port:
        fault = refusal(port)
    assert len(fault.what) < 300
    assert fault.what.isprintable()
    assert "no event: close" in fault.what


def test_a_refusal_that_repeats_the_key_in_any_form_hides_it() -> None:
    words = f"stream {KEY} bad: se-cret token abc/def or abc%2Fdef at rtmp://u:pw@h/live/se-cret"
    with server(refusing(words, "NetStream.Publish.BadName")) as port:
        fault = refusal(port)
    assert "BadName" in fault.what
    assert not [one for one in ("se-cret", "abc/def", "abc%2Fdef", "pw") if one in str(fault)]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1.0, 1e300])
def test_numbers_that_are_none_are_no_stream(number: float) -> None:
    def speaks(caller: socket.socket) -> None:
        welcome(caller, number)
        caller.sendall(command("onStatus", number, None, {"level": "status"}))
        drain(caller)

    with server(speaks) as port:
        sink = sink_of(port)
        sink.open(HEADER)
        for packet in packets(10)[1]:
            sink.write(packet)
        sink.close()


@pytest.mark.parametrize(
    "body",
    [
        message(18, b"\x05" * 60_000, 5, 1 << 20) * 4,
        message(18, b"", 5) + b"\xc5" * 100_000,
        message(4, b"\x00\x06\x00\x00\x00\x01", 2) * 5_000,
    ],
)
def test_a_server_that_floods_is_left(body: bytes) -> None:
    size = message(1, (1 << 24).to_bytes(4, "big"), 2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with server(flooding(size + body)) as port:
        sink = sink_of(port)
        # the flood may come before the push has begun, or behind it
        try:
            sink.open(HEADER)
            fault = written(sink)
        except SinkError as error:
            fault = error
        assert "more than an RTMP server has to say" in fault.what
        sink.close()
    with server(flooding(size + body, shake)) as port:
        assert "more than an RTMP server has to say" in refusal(port).what
    # in kilobytes: 60 MB is what thousands of small messages of a turn may take for a moment
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


def test_an_address_behind_many_open_files_is_reached() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, before[1]), before[1]))
    held: list[int] = []
    try:
        while not held or held[-1] < 1100:
            held.append(os.open(os.devnull, os.O_RDONLY))
        with server(willing) as port:
            sink = sink_of(port)
            sink.open(HEADER)
            for packet in packets(10)[1]:
                sink.write(packet)
            sink.close()
    finally:
        for number in held:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


# ---- servers that hold us up ---------------------------------------------------------------------


@pytest.mark.parametrize("speaks", [pinging, dripping])
def test_the_whole_connect_has_one_limit(
    monkeypatch: pytest.MonkeyPatch, speaks: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr(rtmp, "CONNECT_SECONDS", 1.0)
    with server(speaks) as port:
        began = time.monotonic()
        refusal(port)
        assert time.monotonic() - began < 3


@pytest.mark.parametrize("speaks", [pinging, dripping, drain])
def test_another_thread_ends_a_connect(speaks: Callable[[socket.socket], None]) -> None:
    with server(speaks) as port:
        sink = sink_of(port)
        faults: list[SinkError] = []

        def connect() -> None:
            try:
                sink.open(HEADER)
            except SinkError as fault:
                faults.append(fault)

        thread = threading.Thread(target=connect, daemon=True)
        thread.start()
        time.sleep(0.5)
        assert thread.is_alive()
        sink.abort()
        thread.join(2)
        assert not thread.is_alive()
        assert faults
        sink.close()


def test_a_removed_output_leaves_no_thread_behind() -> None:
    def alive() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name.startswith("sink-slow")]

    async def run(port: int) -> None:
        output = Output("slow", sink_of(port), HEADER, RealClock())
        async with anyio.create_task_group() as group:
            group.start_soon(output.run)
            await anyio.sleep(0.5)
            assert alive()
            await output.stop(0.0)
            await anyio.sleep(0.3)
            assert not alive()

    with server(pinging) as port:
        anyio.run(run, port)


EXIT = """
import sys, anyio
from tests.claps import SMALL
from doublure.clock import RealClock
from doublure.air.encoder import Encoder
from doublure.air.output import Output
from doublure.air.settings import SinkSettings
from doublure.air.sinks import rtmp
async def main():
    sink = rtmp.make(SinkSettings(engine="rtmp", name="r", url=sys.argv[1]))
    output = Output("r", sink, Encoder(SMALL).header, RealClock())
    async with anyio.create_task_group() as group:
        group.start_soon(output.run)
        await anyio.sleep(0.5)
        await output.stop(0.0)
anyio.run(main)
print("over", flush=True)
"""


def test_the_process_ends_while_a_server_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = os.pathsep.join([str(Path(__file__).parents[3]), *sys.path])
    with server(pinging) as port:
        ended = subprocess.run(
            [sys.executable, "-c", EXIT, f"rtmp://127.0.0.1:{port}/live/k"],
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            timeout=30,
            check=False,
        )
    assert (ended.returncode, ended.stdout) == (0, b"over\n"), ended.stderr.decode()


# ---- servers that send us on -----------------------------------------------------------------------


def test_a_redirection_is_followed_once_to_where_it_may_go() -> None:
    came: list[bytes] = []

    def there(caller: socket.socket) -> None:
        shake(caller)
        came.append(caller.recv(1 << 16))
        caller.sendall(command("_result", 1.0, None, CONNECTED) + command("_result", 4.0, None, 1.0))
        caller.sendall(command("onStatus", 0.0, None, {"level": "status"}))
        while piece := caller.recv(1 << 16):
            came.append(piece)

    asked: list[str] = []

    def permitted(url: str) -> bool:
        asked.append(url)
        return True

    with server(there) as other, server(redirecting(f"rtmp://127.0.0.1:{other}/app")) as port:
        sink = sink_of(port)
        sink.permit(permitted)
        sink.open(HEADER)
        for packet in packets(10)[1]:
            sink.write(packet)
        sink.close()
        time.sleep(0.2)
    said = b"".join(came)
    assert asked == [f"rtmp://127.0.0.1:{other}/app"]
    assert f"rtmp://127.0.0.1:{other}/app".encode() in said
    assert KEY.encode() in said


@pytest.mark.parametrize(
    ("url", "permitted", "why"),
    [
        ("rtmp://127.0.0.1:9/app", False, "rtmp://127.0.0.1:9/app/…, which the consent does not cover"),
        ("rtmp://u:pw@other/app/SECRET", False, "rtmp://other:1935/app/…, which the consent does not cover"),
        ("http://127.0.0.1:9/app\r\nx", True, "http://127.0.0.1:9/… x, which is not an RTMP address"),
        ("", True, "no address, which is not an RTMP address"),
    ],
)
def test_a_redirection_that_may_not_be_followed_says_where_to(url: str, permitted: bool, why: str) -> None:
    with server(redirecting(url)) as port:
        sink = sink_of(port)
        sink.permit(lambda url: permitted)
        with pytest.raises(SinkError) as caught:
            sink.open(HEADER)
    assert why in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert "ask the platform" in caught.value.remedy


def test_nobody_is_sent_on_for_ever() -> None:
    with (
        server(redirecting("rtmp://127.0.0.1:1/app")) as last,
        server(redirecting(f"rtmp://127.0.0.1:{last}/app")) as port,
    ):
        sink = sink_of(port)
        sink.permit(lambda url: True)
        with pytest.raises(SinkError, match="once more"):
            sink.open(HEADER)


def test_without_leave_nothing_is_followed() -> None:
    with server(willing) as other, server(redirecting(f"rtmp://127.0.0.1:{other}/app")) as port:
        assert "does not cover" in refusal(port).what


# ---- no port scanner -------------------------------------------------------------------------------


def test_what_is_at_an_address_that_is_not_rtmp_is_not_told() -> None:
    def hangs_up(caller: socket.socket) -> None:
        exactly(caller, 1)

    def web(caller: socket.socket) -> None:
        exactly(caller, 10)
        caller.sendall(b"HTTP/1.1 400 Bad\r\n\r\n" * 200)
        drain(caller)

    faults = {(refusal(free_port()).what, refusal(free_port()).remedy)}
    for speaks in (hangs_up, web):
        with server(speaks) as port:
            fault = refusal(port)
            faults.add((fault.what, fault.remedy))
    with server(web) as port, pytest.raises(SinkError) as caught:
        sink_of(port, "rtmps").open(HEADER)
    faults.add((caught.value.what, caught.value.remedy))
    assert len(faults) == 1
    assert "no RTMP server answers" in faults.pop()[0]
