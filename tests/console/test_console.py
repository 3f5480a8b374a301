from __future__ import annotations

import base64
import re
import socket
import string
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path

import anyio
import av
import httpx
import pytest

from doublure.clock import VirtualClock
from doublure.console import words
from doublure.console.access import (
    ADDRESSES,
    ATTEMPTS,
    BODY_BYTES,
    LOGIN_SECONDS,
    LOGINS,
    Access,
    host_name,
    is_loopback,
)
from doublure.console.allowance import MOST_OUTPUTS
from doublure.console.app import make_app
from doublure.console.page import PANELS
from doublure.console.serve import reserve, serve
from doublure.errors import ConsentError, SettingsError
from doublure.media import LANGUAGES
from doublure.show.room import Room, open_room
from doublure.show.settings import RoomSettings, load_room
from doublure.trust.consent import Terms, fingerprint, issue
from tests.places import PASSWORD, Place, closed_port, put_on_air
from tests.rooms import small_room, write_room


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with put_on_air(small_room(tmp_path_factory.mktemp("room"))) as place:
        yield place


@pytest.fixture
def page(place: Place) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=place.url, timeout=10) as client:
        yield client


@pytest.fixture
def locked(place: Place) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{place.locked_port}", timeout=10) as client:
        yield client


# ---- words


def test_every_phrase_is_whole_in_every_language() -> None:
    for key in words.every_key():
        phrases = [words.Words(language)(key) for language in LANGUAGES]
        assert all(phrase.strip() for phrase in phrases), key
        blanks = [
            sorted(name for _, name, _, _ in string.Formatter().parse(phrase) if name) for phrase in phrases
        ]
        assert blanks[0] == blanks[1] == blanks[2], f"{key}: not the same {{blanks}} in each language"


def test_every_phrase_is_used_and_every_used_phrase_is_there() -> None:
    console = Path(str(files("doublure.console")))
    text = "".join(file.read_text() for file in [*console.rglob("*.html"), *console.glob("*.py")])
    used = set(re.findall(r"""(?:\bt|\bwords|self|console\))\(["']([a-z_]+)["'](?! \+)""", text))
    used |= set(re.findall(r"""["']((?:done|wrong)_[a-z_]+)["']""", text))
    begun = set(re.findall(r"""\bt\('([a-z_]+_)' \+""", text))
    assert begun == {"state_", "kind_", "fate_", "sink_"}
    unused = {key for key in words.every_key() if key not in used and not key.startswith(tuple(begun))}
    assert not unused
    assert used <= set(words.every_key())
    for state in ("off", "on_air", "standby", "stopping"):
        assert f"state_{state}" in words.every_key()
    for kind in ("operator", "disclosure", "answer", "script", "welcome", "filler", "goodbye"):
        assert f"kind_{kind}" in words.every_key()
    for fate in ("waiting", "answered", "asked_colleagues", "moderated", "merged", "expired"):
        assert f"fate_{fate}" in words.every_key()


def test_ages_move_in_steps() -> None:
    english = words.Words("en")
    assert english.age(3) == english.age(9) == "just now"
    assert english.age(21) == english.age(29) == "20 s ago"
    assert english.age(200) == "3 min ago"


# ---- access


def test_only_this_machine_is_loopback() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "localhost", "LocalHost", "::1", "[::1]", "127.8.9.1")))
    assert not any(
        map(is_loopback, ("", "0.0.0.0", "::", "10.0.0.1", "localhost.evil.example", "127.0.0.1.evil"))
    )
    assert host_name("[::1]:8000") == "[::1]"
    assert host_name("localhost:8000") == host_name("localhost") == "localhost"


def test_guessing_locks_the_address_for_a_minute() -> None:
    async def guess() -> None:
        clock = VirtualClock()
        access = Access(PASSWORD, clock)
        for _ in range(ATTEMPTS):
            assert not access.right("10.0.0.9", "guess")
        # while locked, the right password is refused too; another address is not locked
        assert access.locked_seconds("10.0.0.9") == 60
        assert not access.right("10.0.0.9", PASSWORD)
        assert access.right("10.0.0.8", PASSWORD)
        await clock.advance(61)
        assert access.right("10.0.0.9", PASSWORD)
        for number in range(2 * ADDRESSES):
            access.right(f"address {number}", "guess")
        assert len(access._wrong) == ADDRESSES

    anyio.run(guess)


def test_a_login_holds_for_its_time_and_cannot_be_made_up() -> None:
    async def age() -> None:
        clock = VirtualClock()
        access = Access(PASSWORD, clock)
        login = access.login()
        assert access.logged_in(login)
        for forged in ("", ".", "9999999.é", f"{login}x", login[:-1], Access(PASSWORD, clock).login()):
            assert not access.logged_in(forged)
        await clock.advance(LOGIN_SECONDS + 1)
        assert not access.logged_in(login)

    anyio.run(age)


def test_a_login_ends_when_it_is_logged_out_and_others_go_on() -> None:
    async def leave() -> None:
        clock = VirtualClock()
        access = Access(PASSWORD, clock)
        left, kept = access.login(), access.login()
        ended: list[str] = []

        async def wait(cookie: str) -> None:
            await access.logged_out(cookie)
            ended.append(cookie)

        async with anyio.create_task_group() as group:
            for cookie in (left, kept, "of nobody"):
                group.start_soon(wait, cookie)
            await clock.advance(0)
            access.log_out(left)
            access.log_out("of nobody")
            await clock.advance(1)
            assert (access.logged_in(left), access.logged_in(kept)) == (False, True)
            assert ended == [left]
            await clock.advance(LOGIN_SECONDS)
            assert ended == [left, kept]
            first = access.login()
            for _ in range(LOGINS):
                access.login()
            assert not access.logged_in(first)
            assert len(access._logins) == LOGINS
            group.cancel_scope.cancel()

    anyio.run(leave)


def test_addresses_of_one_network_guess_together() -> None:
    access = Access(PASSWORD, VirtualClock())
    for number in range(ATTEMPTS):
        assert not access.right(f"2001:db8::{number}", "guess")
    assert not access.right("2001:db8::ffff", PASSWORD)
    assert access.right("2001:db8:0:1::1", PASSWORD)


def test_an_open_address_needs_a_password() -> None:
    with pytest.raises(SettingsError, match="set a password"):
        reserve("0.0.0.0", 0, None)
    with pytest.raises(SettingsError, match="at least 8"):
        reserve("0.0.0.0", 0, "short")
    reserve("0.0.0.0", 0, PASSWORD).close()


def test_a_taken_port_is_told_before_the_show() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port}.*in use.*choose another"):
            reserve("127.0.0.1", port, None)
    with pytest.raises(SettingsError, match=r"no\.such\.name\.invalid"):
        reserve("no.such.name.invalid", 0, PASSWORD)


def test_other_names_for_this_machine_are_refused(page: httpx.Client) -> None:
    assert page.get("/").status_code == 200
    for host in ("evil.example", "127.0.0.1.evil.example:8000", ""):
        answer = page.get("/api/room", headers={"host": host})
        assert answer.status_code == 421
        assert "this machine" in answer.text


def test_orders_from_another_site_are_refused(place: Place, page: httpx.Client) -> None:
    for headers in (
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"http://127.0.0.1:{place.port + 1}"},
        {"origin": f"https://127.0.0.1:{place.port}"},
        {"origin": place.url, "x-forwarded-proto": "https"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        for method, path in (("POST", "/orders/wrap"), ("POST", "/api/wrap"), ("DELETE", "/api/sinks/x")):
            assert page.request(method, path, headers=headers).status_code == 403
    assert place.view().state == "on_air"
    same = {"origin": place.url, "sec-fetch-site": "same-origin"}
    assert page.post("/orders/skip", headers=same).status_code == 200
    # behind a TLS proxy
    same = {"origin": place.url.replace("http:", "https:"), "x-forwarded-proto": "https"}
    assert page.post("/orders/skip", headers=same).status_code == 200


def test_every_answer_is_confined(page: httpx.Client) -> None:
    for path in ("/", "/static/console.css", "/api/room", "/nowhere"):
        headers = page.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_nothing_on_the_page_comes_from_elsewhere(page: httpx.Client) -> None:
    html = page.get("/").text
    sources = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert sources
    assert all(re.match(r"[/#](?!/)", source) for source in sources)
    for source in sources:
        if source.startswith("/static/"):
            assert page.get(source).status_code == 200, source
    assert not re.search(r"\son[a-z]+=|\sstyle=", html)


def test_long_bodies_are_refused(page: httpx.Client) -> None:
    assert page.post("/orders/say", content=b"x" * (BODY_BYTES + 1)).status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(BODY_BYTES // 1000 + 2):
            yield b"x" * 1000

    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"):
        for path in ("/orders/say", "/api/say", "/login", "/nowhere"):
            answer = page.post(path, content=pieces(), headers={"content-type": kind})
            assert answer.status_code == 413
            assert str(BODY_BYTES) in answer.text
    # a body within the limit arrives whole
    line = {"text": "x" * 1000, "more": "y" * (BODY_BYTES - 2000)}
    assert page.post("/api/say", json=line).json()["where"] == "more"


# ---- orders


def test_orders_act_and_say_what_they_did(place: Place, page: httpx.Client) -> None:
    place.until(lambda view: view.now)
    answer = page.post("/orders/cut")
    assert answer.status_code == 200
    assert "Cut." in answer.text
    place.until(lambda view: view.now is None, 5)

    assert "says it next" in page.post("/orders/say", data={"text": "Back  in\none minute."}).text
    view = place.until(lambda view: any(line.kind == "operator" for line in view.said))
    assert [line.text for line in view.said if line.kind == "operator"] == ["Back in one minute."]

    before = place.until(lambda view: view.product).product
    assert page.post("/orders/skip").status_code == 200
    place.until(lambda view: view.product != before)


def test_a_comment_is_answered_and_escaped(place: Place, page: httpx.Client) -> None:
    assert (
        page.post("/orders/comment", data={"author": "<i>Eve", "text": "How much is the cup?"}).status_code
        == 200
    )
    place.until(
        lambda view: any(
            c.author == "<i>Eve" and c.fate == "answered" and "19.9" in c.answer for c in view.comments
        )
    )
    assert (
        page.post(
            "/api/comments", json={"text": "<script>alert(1)</script> & does the cup leak?"}
        ).status_code
        == 202
    )
    place.until(lambda view: any("script" in comment.text for comment in view.comments))
    html = page.get("/").text
    assert "&lt;i&gt;Eve" in html
    assert "<i>Eve" not in html
    assert "<script>alert" not in html
    # a comment without a name is by "viewer", in the language of the page
    assert any(comment.author == "Viewer" for comment in place.view().comments)


@pytest.mark.parametrize(
    ("path", "form", "says"),
    [
        ("say", {"text": " \u202e\n "}, "Write something"),
        ("say", {}, "Write something"),
        ("say", {"text": "x" * 1001}, "1000 characters"),
        ("comment", {"author": "Ann", "text": "x" * 501}, "500 characters"),
        ("comment", {"author": "x" * 41, "text": "hello"}, "40 characters"),
        ("push", {"url": "http://127.0.0.1/live"}, "rtmp://server/app"),
        ("push", {"url": "rtmp://", "key": "k"}, "rtmp://server/app"),
        ("push", {"url": "rtmp://[bad/live"}, "rtmp://server/app"),
        ("stop_push", {"name": "x", "other": "y"}, "not understood"),
    ],
)
def test_a_wrong_entry_is_told_and_does_nothing(
    place: Place, page: httpx.Client, path: str, form: dict[str, str], says: str
) -> None:
    before = place.view()
    answer = page.post(f"/orders/{path}", data=form)
    assert answer.status_code == 422
    assert says in answer.text
    after = place.view()
    assert (after.sinks, len(after.comments)) == (before.sinks, len(before.comments))


def test_the_rooms_own_refusal_names_the_remedy_and_hides_the_key(page: httpx.Client) -> None:
    answer = page.post("/orders/push", data={"url": "rtmp://127.0.0.1"})
    assert answer.status_code == 422
    assert "not an RTMP address" in answer.text
    assert "stream-key" in answer.text
    fault = page.post("/api/sinks", json={"url": "rtmp://127.0.0.1"})
    assert fault.status_code == 422
    assert set(fault.json()) == {"what", "where", "remedy"}


def test_an_output_is_added_shown_and_removed(place: Place, page: httpx.Client) -> None:
    port = closed_port()
    assert (
        page.post(
            "/orders/push", data={"url": f"rtmp://127.0.0.1:{port}/live/", "key": "/s3cret"}
        ).status_code
        == 200
    )
    view = place.until(lambda view: view.sinks and view.sinks[0].fault)
    html = page.get("/").text
    assert "s3cret" not in html + page.get("/api/room").text
    assert f"rtmp://127.0.0.1:{port}/live" in html
    assert view.sinks[0].name in html
    assert page.delete(f"/api/sinks/{view.sinks[0].name}").status_code == 202
    place.until(lambda view: not view.sinks, 10)
    missing = page.delete("/api/sinks/none")
    assert missing.status_code == 422
    assert missing.json()["where"] == "none"


# ---- what it shows


def test_the_api_shows_the_whole_room(place: Place, page: httpx.Client) -> None:
    place.until(lambda view: view.now and view.next)
    room = page.get("/api/room").json()
    assert room["name"] == "test"
    assert room["state"] == "on_air"
    assert room["now"]["text"]
    assert page.get("/api/openapi.json").json()["paths"].keys() >= {
        "/api/room",
        "/api/say",
        "/api/sinks/{name}",
    }
    for wrong in ({"text": ""}, {"text": "hi", "other": 1}, {"text": "x" * 1001}):
        fault = page.post("/api/say", json=wrong)
        assert fault.status_code == 422
        assert fault.json()["what"]
    assert page.get("/healthz").json() == {"state": "on_air"}
    assert "doublure_frames_total" in page.get("/metrics").text


def test_the_page_begins_in_the_shows_language_and_can_be_switched(page: httpx.Client) -> None:
    assert "Skip product" in page.get("/").text
    assert page.get("/language/fr").status_code == 303
    assert 'lang="fr"' in page.get("/").text
    assert "Produit suivant" in page.get("/").text
    page.get("/language/zh")
    assert "跳过商品" in page.get("/").text
    page.get("/language/xx")
    assert "跳过商品" in page.get("/").text


def test_events_bring_every_panel_and_then_what_changed(place: Place, page: httpx.Client) -> None:
    with page.stream("GET", "/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        messages = []
        block: list[str] = []
        for line in answer.iter_lines():
            assert line == "" or line.startswith("data: ")
            block.append(line)
            if not line:
                messages.append("\n".join(block))
                block = []
            if len(messages) == 4:
                break
    first, *rest = (set(re.findall(r'hx-target="#(\w+)"', message)) for message in messages)
    assert first == set(PANELS)
    assert all(panels and panels < first for panels in rest)
    assert any("clock" in panels for panels in rest)


def test_the_picture_is_flv_with_sound(page: httpx.Client, tmp_path: Path) -> None:
    with page.stream("GET", "/live.flv") as answer:
        assert answer.headers["content-type"] == "video/x-flv"
        assert answer.headers["cache-control"] == "no-store"
        taken = b""
        for piece in answer.iter_bytes():
            taken += piece
            if len(taken) > 200_000:
                break
    file = tmp_path / "live.flv"
    file.write_bytes(taken)
    with av.open(str(file)) as stream:
        assert stream.streams.video[0].width == 360
        assert len(stream.streams.audio) == 1
        first = next(stream.decode(video=0))
        assert first.key_frame


# ---- password


def test_strangers_see_the_login_only(locked: httpx.Client) -> None:
    assert locked.get("/").headers["location"] == "/login"
    for path in ("/events", "/live.flv", "/api/room", "/metrics", "/api/openapi.json"):
        assert locked.get(path).status_code == 401
    assert locked.post("/orders/cut", headers={"hx-request": "true"}).headers["hx-redirect"] == "/login"
    assert locked.get("/healthz").status_code == 200
    assert locked.get("/static/console.css").status_code == 200
    assert locked.get("/static/../app.py").status_code in (401, 404)
    assert 'type="password"' in locked.get("/login").text
    locked.get("/language/fr")
    assert "Mot de passe" in locked.get("/login").text


def test_the_password_opens_the_page_and_the_api(locked: httpx.Client) -> None:
    wrong = locked.post("/login", data={"password": "guess"})
    assert wrong.status_code == 403
    assert "wrong" in wrong.text
    right = locked.post("/login", data={"password": PASSWORD})
    assert right.headers["location"] == "/"
    cookie = right.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert locked.get("/").status_code == 200
    assert locked.get("/api/room").status_code == 200
    # with a password any host name is accepted, because another site's page has no login under its own name
    assert locked.get("/", headers={"host": "studio.example"}).status_code == 200
    assert locked.post("/orders/cut", headers={"origin": "http://evil.example"}).status_code == 403
    old = locked.cookies["doublure_login"]
    with locked.stream("GET", "/events") as events:
        lines = events.iter_lines()
        next(lines)
        locked.post("/logout")
        # the stream ends as well
        assert len(list(lines)) < 10_000
    locked.cookies.clear()
    assert locked.get("/api/room").status_code == 401
    assert locked.get("/api/room", headers={"cookie": f"doublure_login={old}"}).status_code == 401
    token = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    assert locked.get("/api/room", headers={"authorization": f"Basic {token}"}).status_code == 200
    assert locked.get("/", headers={"authorization": f"Basic {token}"}).status_code == 303


def test_guessing_over_http_is_locked_out(locked: httpx.Client) -> None:
    # an address claimed by the client is ignored
    codes = [
        locked.post(
            "/login", data={"password": "guess"}, headers={"x-forwarded-for": f"10.0.0.{number}"}
        ).status_code
        for number in range(ATTEMPTS + 1)
    ]
    assert codes[-1] == 429
    token = base64.b64encode(f":{PASSWORD}".encode()).decode()
    answer = locked.get("/api/room", headers={"authorization": f"Basic {token}"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


# ---- limits


def test_a_rush_of_connections_leaves_the_page_to_others(place: Place) -> None:
    frames = place.portal.call(place.room.measures).frames
    idle = [socket.create_connection(("127.0.0.1", place.port), 5) for _ in range(300)]
    try:
        transport = httpx.HTTPTransport(local_address="127.0.0.2")
        with httpx.Client(base_url=place.url, transport=transport, timeout=10) as other:
            assert other.get("/healthz").status_code == 200
    finally:
        for one in idle:
            one.close()
    place.until(
        lambda view: view.on_air_seconds >= 0 and place.portal.call(place.room.measures).frames > frames
    )
    assert place.view().state == "on_air"


def test_lines_beyond_what_can_be_said_are_refused(tmp_path: Path) -> None:
    with put_on_air(small_room(tmp_path)) as place, httpx.Client(base_url=place.url, timeout=10) as page:
        codes = [page.post("/api/say", json={"text": f"Line {number}."}).status_code for number in range(9)]
        assert codes == [202] * 9
        assert page.post("/orders/say", data={"text": "The tenth."}).status_code == 200
        refused = page.post("/orders/say", data={"text": "The eleventh."})
        assert refused.status_code == 429
        assert "Too many orders" in refused.text
        fault = page.post("/api/say", json={"text": "The twelfth."})
        assert fault.status_code == 429
        assert int(fault.headers["retry-after"]) <= 60
        assert "try again in" in fault.json()["remedy"]
        # orders that make the room quieter are always followed
        assert [page.post("/api/cut").status_code for _ in range(40)] == [202] * 40


def test_outputs_beyond_the_most_are_refused(tmp_path: Path) -> None:
    own = MOST_OUTPUTS - 5
    settings = small_room(tmp_path, "sinks:\n" + "  - {engine: 'null'}\n" * own)
    with put_on_air(settings) as place, httpx.Client(base_url=place.url, timeout=10) as page:
        url = f"rtmp://127.0.0.1:{closed_port()}/live/key"
        for _ in range(MOST_OUTPUTS - own):
            assert page.post("/api/sinks", json={"url": url}).status_code == 202
        fault = page.post("/api/sinks", json={"url": url})
        assert fault.status_code == 422
        assert "stop one" in fault.json()["remedy"]
        assert "stop one" in page.post("/orders/push", data={"url": url}).text
        name = place.view().sinks[-1].name
        assert page.delete(f"/api/sinks/{name}").status_code == 202
        place.until(lambda view: len(view.sinks) < MOST_OUTPUTS)
        assert page.post("/api/sinks", json={"url": url}).status_code == 202


def local_room(tmp_path: Path) -> RoomSettings:
    """A room that needs a consent, for a clip of a voice, and has one of scope `local`."""
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"the voice")
    day = date(2020, 1, 1), date(2090, 12, 31)
    terms = Terms("Nobody", "Test Shop", "tests", (), "local", *day, (fingerprint(clip),))
    issue(terms, tmp_path / "key", tmp_path / "consent.json")
    file = write_room(tmp_path)
    voice = "voice: {engine: tone, reference: clip.wav, consent: consent.json}"
    file.write_text(file.read_text().replace("voice: {engine: tone}", voice))
    return load_room(file)


def test_a_local_consent_keeps_the_console_on_this_machine(tmp_path: Path) -> None:
    async def show() -> None:
        async with open_room(local_room(tmp_path)) as room:
            assert room.local
            with pytest.raises(ConsentError, match=r"scope `local`.*127\.0\.0\.1"):
                await serve(room, "0.0.0.0", 0, PASSWORD)
            with reserve("0.0.0.0", 0, PASSWORD) as open_to_all, pytest.raises(ConsentError, match="local"):
                await serve(room, "127.0.0.1", 0, PASSWORD, listener=open_to_all)
            # a proxy in front of the console would serve it to others under another name
            app = make_app(room, PASSWORD)
            token = base64.b64encode(f":{PASSWORD}".encode()).decode()
            for host, client, code in (
                ("127.0.0.1", "127.0.0.1", 200),
                ("studio.example", "127.0.0.1", 421),
                ("127.0.0.1", "10.0.0.9", 421),
            ):
                transport = httpx.ASGITransport(app, client=(client, 1234))
                async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as page:
                    for path in ("/api/room", "/metrics"):
                        answer = await page.get(path, headers={"authorization": f"Basic {token}"})
                        assert answer.status_code == code

    anyio.run(show)


# ---- closing


@pytest.mark.parametrize("end", ["show", "console"])
def test_streams_end_and_the_port_is_free_when_it_closes(tmp_path: Path, end: str) -> None:
    listener = reserve("127.0.0.1", 0, None)
    port = listener.getsockname()[1]

    async def watch(path: str, begun: anyio.Event, ended: anyio.Event) -> None:
        async with (
            httpx.AsyncClient(timeout=30) as client,
            client.stream("GET", f"http://127.0.0.1:{port}{path}") as answer,
        ):
            async for _ in answer.aiter_raw():
                begun.set()
        ended.set()

    async def console(room: Room, scope: anyio.CancelScope, closed: anyio.Event) -> None:
        with scope:
            await serve(room, "127.0.0.1", port, listener=listener)
        closed.set()

    async def show() -> None:
        async with open_room(small_room(tmp_path)) as room, anyio.create_task_group() as group:
            scope, closed = anyio.CancelScope(), anyio.Event()
            group.start_soon(console, room, scope, closed)
            begun, ended = [anyio.Event(), anyio.Event()], [anyio.Event(), anyio.Event()]
            group.start_soon(watch, "/events", begun[0], ended[0])
            group.start_soon(watch, "/live.flv", begun[1], ended[1])
            with anyio.fail_after(20):
                for event in begun:
                    await event.wait()
            if end == "show":
                room.stop()
            else:
                scope.cancel()
            with anyio.fail_after(10):
                for event in [*ended, closed]:
                    await event.wait()
            reserve("127.0.0.1", port, None).close()

    anyio.run(show)
