"""Pushing to a real RTMP server, and to servers that are not there, not willing or not RTMP."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import logging
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from doublure.air.encoder import Encoder
from doublure.air.publisher import Publisher
from doublure.air.settings import SinkSettings
from doublure.air.sinks import rtmp
from doublure.air.sinks.null import NullSink
from doublure.clock import RealClock
from doublure.errors import SinkError
from doublure.media import Packet
from doublure.views import SinkView
from tests.claps import SMALL, packets, play
from tests.servers import RtmpServer, free_port

RECEIVER = Path(__file__).parents[3] / "benchmarks" / "receive.py"
KEY = "se-cret"


def make(url: str) -> rtmp.RtmpSink:
    return rtmp.make(SinkSettings(engine="rtmp", name="rtmp", url=url))


def receiver(url: str, seconds: float, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(RECEIVER), url, "--claps", "--seconds", str(seconds), "--json", str(out)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def figures(pull: subprocess.Popen[bytes], out: Path) -> dict[str, float]:
    assert pull.wait(20) == 0
    found: dict[str, float] = json.loads(out.read_text())
    return found


def on_air(show: Callable[[Publisher], Awaitable[None]]) -> None:
    async def run() -> None:
        publisher = Publisher(Encoder(SMALL), RealClock())
        async with anyio.create_task_group() as group:
            await group.start(publisher.run)
            group.start_soon(publisher.pace)
            await show(publisher)
            await publisher.stop()

    anyio.run(run)


def view(publisher: Publisher, name: str = "rtmp") -> SinkView:
    return next(one for one in publisher.views() if one.name == name)


# ---- a willing server ------------------------------------------------------------------------


def test_pushed_and_pulled_back_with_picture_and_sound_together(
    rtmp_server: RtmpServer, tmp_path: Path
) -> None:
    out = tmp_path / "received.json"

    async def show(publisher: Publisher) -> None:
        url = rtmp_server.url(f"{KEY}?sign=a%2Fb&t=1")
        publisher.add(make(url), address=url, removable=True)
        pull = receiver(rtmp_server.url(KEY), 4.0, out)
        await play(publisher, 7.5)
        seen = view(publisher)
        assert (seen.state, seen.fault, seen.dropped_gops, seen.reconnects) == ("live", "", 0, 0)
        assert seen.sent_kbps > 0
        assert KEY not in repr(publisher.views())
        await anyio.to_thread.run_sync(pull.wait)
        assert pull.returncode == 0

    on_air(show)
    got = json.loads(out.read_text())
    assert got["claps"] >= 3
    assert abs(got["av_offset_worst_ms"]) <= 60
    assert got["video_gap_pts_ms"] <= 120
    assert got["audio_gap_pts_ms"] <= 60
    assert got["keyframe_gap_ms"] == pytest.approx(1000, abs=2)
    assert got["received_fps"] == pytest.approx(25, abs=0.2)
    assert (got["width_pixels"], got["height_pixels"]) == (240, 320)
    assert got["ai_mark"] == 1


def test_a_server_that_dies_is_reconnected_and_the_others_go_on(
    rtmp_server: RtmpServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    out = tmp_path / "received.json"
    other = NullSink("null")

    async def show(publisher: Publisher) -> None:
        url = rtmp_server.url(KEY)
        publisher.add(make(url), address=url, removable=True)
        publisher.add(other, address="", removable=False)
        following = await play(publisher, 2.0)
        assert view(publisher).state == "live"
        rtmp_server.kill()
        before = other.packets
        following = await play(publisher, 1.0, first=following)
        assert view(publisher).state == "reconnecting"
        assert "host and port" in view(publisher).fault
        assert other.packets - before > 50
        rtmp_server.start()
        following = await play(publisher, 4.5, first=following)
        assert (view(publisher).state, view(publisher).reconnects) == ("live", 1)
        pull = receiver(rtmp_server.url(KEY), 2.0, out)
        await play(publisher, 5.0, first=following)
        await anyio.to_thread.run_sync(pull.wait)
        assert view(publisher, "null").dropped_gops == 0

    on_air(show)
    got = json.loads(out.read_text())
    assert got["claps"] >= 1
    assert abs(got["av_offset_worst_ms"]) <= 60
    assert got["received_fps"] == pytest.approx(25, abs=0.2)
    assert KEY not in caplog.text


# ---- servers that are not willing --------------------------------------------------------------


def refused(url: str) -> SinkError:
    sink = make(url)
    with pytest.raises(SinkError) as caught:
        sink.open(Encoder(SMALL).header)
    fault = caught.value
    assert KEY not in str(fault)
    assert KEY not in repr(fault)
    # not hidden in a chained error either, which a log would print
    assert fault.__cause__ is None
    assert fault.__suppress_context__
    assert fault.where
    assert fault.remedy
    return fault


def test_a_port_nobody_listens_on() -> None:
    fault = refused(f"rtmp://127.0.0.1:{free_port()}/live/{KEY}")
    assert "no RTMP server answers" in str(fault)
    assert "host and port" in fault.remedy


def test_a_refused_port_is_shown_while_the_room_stays_on_air() -> None:
    async def show(publisher: Publisher) -> None:
        url = f"rtmp://127.0.0.1:{free_port()}/live/{KEY}"
        publisher.add(make(url), address=url, removable=True)
        await play(publisher, 0.5)
        seen = view(publisher)
        assert seen.state == "connecting"
        assert "no RTMP server answers" in seen.fault
        assert KEY not in repr(seen)

    on_air(show)


def test_an_application_that_denies_publishing(rtmp_server: RtmpServer) -> None:
    # this server gives leave to publish and then hangs up
    async def show(publisher: Publisher) -> None:
        url = rtmp_server.url(KEY, app="closed")
        publisher.add(make(url), address=url, removable=True)
        await play(publisher, 1.0)
        seen = view(publisher)
        assert (seen.state, seen.reconnects) == ("connecting", 0)
        assert "closed the connection" in seen.fault or "connection was lost" in seen.fault
        assert KEY not in repr(seen)

    on_air(show)


def test_an_application_that_is_not_there(rtmp_server: RtmpServer) -> None:
    fault = refused(rtmp_server.url(KEY, app="nowhere"))
    assert "closed the connection" in str(fault) or "refused" in str(fault)


def test_a_key_that_is_in_use(rtmp_server: RtmpServer) -> None:
    first = make(rtmp_server.url(KEY))
    first.open(Encoder(SMALL).header)
    try:
        fault = refused(rtmp_server.url(KEY))
    finally:
        first.close()
    assert "refused the stream" in str(fault)
    assert "BadName" in str(fault)


@contextmanager
def speaks(words: bytes) -> Iterator[int]:
    """A server that says `words` to one caller and nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            caller, _ = server.accept()
            with caller, contextlib.suppress(OSError):
                caller.sendall(words)
                while caller.recv(65536):
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


def test_a_server_that_is_not_rtmp() -> None:
    with speaks(b"HTTP/1.1 400 Bad Request\r\n\r\n" + b" " * 2000) as port:
        assert "no RTMP server answers" in str(refused(f"rtmp://127.0.0.1:{port}/live/{KEY}"))


def test_rubbish_after_the_handshake() -> None:
    with speaks(b"\x03" + b"\xff" * 9000) as port:
        assert "does not speak RTMP" in str(refused(f"rtmp://127.0.0.1:{port}/live/{KEY}"))


def test_rtmps_wants_tls() -> None:
    with speaks(b"\x03" + b"\xff" * 9000) as port:
        assert "rtmps" in refused(f"rtmps://127.0.0.1:{port}/live/{KEY}").remedy


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def through_tls(port: int, pem: Path) -> Iterator[int]:
    """A TLS door in front of the server at `port`, for one caller after the other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = server.accept()
                with (
                    contextlib.suppress(OSError),
                    context.wrap_socket(plain, server_side=True) as caller,
                    socket.create_connection(("127.0.0.1", port)) as inner,
                ):
                    back = threading.Thread(target=pass_on, args=(inner, caller), daemon=True)
                    back.start()
                    pass_on(caller, inner)
                    back.join(5)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def test_rtmps_to_a_server_that_is_trusted_and_to_one_that_is_not(
    rtmp_server: RtmpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = certificate(tmp_path)
    with through_tls(rtmp_server.port, pem) as port:
        url = f"rtmps://127.0.0.1:{port}/live/{KEY}"
        assert "no safe connection" in str(refused(url))
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        encoder, coded = packets(30)
        sink = make(url)
        sink.open(encoder.header)
        for packet in coded:
            sink.write(packet)
        # the stream is there: its key is taken
        assert "BadName" in str(refused(rtmp_server.url(KEY)))
        sink.close()


def test_a_name_nobody_knows() -> None:
    assert "name is not known" in str(refused(f"rtmp://nobody.invalid/live/{KEY}"))


@pytest.mark.parametrize("url", ["", "show", "http://here/live/key", "rtmp://here/live", "rtmp:///live/key"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(SinkError, match="rtmp://server/app/stream-key"):
        make(url)


# ---- servers that hang ---------------------------------------------------------------------------


def test_a_server_that_hangs_is_given_up_and_holds_nothing_up(
    rtmp_server: RtmpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rtmp, "TIMEOUT_SECONDS", 1.0)
    live = make(rtmp_server.url(KEY))
    live.open(Encoder(SMALL).header)
    rtmp_server.freeze()
    faults: list[SinkError] = []

    def push() -> None:
        big = Packet("video", b"x" * 200_000, 0, 0, 3600, True)
        try:
            for _ in range(1000):
                live.write(big)
        except SinkError as fault:
            faults.append(fault)
        live.close()

    def connect() -> None:
        faults.append(refused(rtmp_server.url("another-key")))

    threads = [threading.Thread(target=call, daemon=True) for call in (push, connect)]
    for thread in threads:
        thread.start()
    turns = 0
    while any(thread.is_alive() for thread in threads) and turns < 1000:
        time.sleep(0.01)
        turns += 1
    rtmp_server.thaw()
    assert len(faults) == 2
    assert sorted("took nothing" in str(fault) for fault in faults) == [False, True]
    # the interpreter was free all the while: a second is a hundred turns
    assert turns > 30
