"""The small loops of a room: comments in batches, and a consent that ends the show whatever else fails."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import anyio
import anyio.lowlevel
import pytest

from doublure.chat.inbox import Inbox
from doublure.clock import RealClock, VirtualClock
from doublure.conversation.judge import Verdict
from doublure.cue import Comment
from doublure.errors import DoublureError
from doublure.show.assemble import RoomParts
from doublure.show.stages import BATCH, judge_comments, watch_consent
from doublure.show.supervise import Watchdog
from doublure.trust import consent as consents
from doublure.trust.consent import Consent, Terms
from doublure.trust.journal import Record
from tests.shows import Show


def consent_file(folder: Path, end: date = date(2099, 1, 1)) -> tuple[Path, Consent]:
    terms = Terms("Li", "Shop", "show", ("youtube",), "air", date(2025, 1, 1), end, ("0" * 64,), zone="UTC")
    file = folder / "li.json"
    return file, consents.issue(terms, folder / "shop.key", file)


def leaving(
    folder: Path, journal: str, until: float, revoke_at: float | None, **consent: date
) -> tuple[Show, list[float]]:
    """Run a show whose consent is revoked; returns the show and the times at which it left the air."""
    left: list[float] = []
    file, given = consent_file(folder, **consent)

    async def script(show: Show) -> None:
        parts = cast(RoomParts, SimpleNamespace(director=show.director, watchdog=show.watchdog))
        stage = anyio.CancelScope()

        def leave(why: str) -> None:
            left.append(show.clock.now())
            stage.cancel()  # as the room does at its end

        async def watch() -> None:
            with stage:
                await watch_consent(parts, given, file, show.clock, leave)

        show.group.start_soon(watch)
        if revoke_at is not None:
            await show.clock.advance(revoke_at)
            show.journal.hangs_seconds = 1e9 if journal == "hangs" else 0.0
            show.journal.fails = journal == "fails"
            consents.revoke(file, folder / "shop.key", at=datetime(2026, 1, 1, tzinfo=UTC))
        # a thread reads the file, and virtual time does not wait for threads
        while show.clock.now() < until and not left:
            await show.clock.advance(0.5)
            await anyio.sleep(0.01)
        await show.clock.advance(0.08)

    return Show({"A": ["A1", "A2"]}, folder=folder / "room").run(script), left


@pytest.mark.parametrize("journal", ["works", "hangs", "fails"])
def test_a_revoked_consent_ends_the_show_within_ten_seconds(tmp_path: Path, journal: str) -> None:
    show, left = leaving(tmp_path, journal, 60.0, 7.0)
    assert len(left) == 1
    assert left[0] - 7.0 <= 10.0
    assert show.reader.log[-1][1] == ""
    # remembered beside the room, although the room's end cancels the stage
    assert list((tmp_path / "room").glob("*.revoked"))


def test_a_clock_that_is_set_back_does_not_lengthen_a_consent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = datetime(2026, 1, 1, 23, 59, 30, tzinfo=UTC)
    monkeypatch.setattr(VirtualClock, "wall", lambda clock: began - timedelta(days=clock.now() > 1))
    _, left = leaving(tmp_path, "works", 90.0, None, end=date(2026, 1, 1))
    assert len(left) == 1
    assert 30.0 <= left[0] <= 41.0


def comment(number: int) -> Comment:
    return Comment(f"c{number}", "chat", "viewer", "poison" if number == 3 else f"number {number}", 0.0)


def test_comments_are_judged_and_journalled_in_batches_whatever_one_of_them_does() -> None:
    batches: list[list[Record]] = []

    class Written:
        async def record_many(self, entries: list[Record]) -> None:
            batches.append(entries)
            if len(batches) == 1:
                raise DoublureError("no space left on the device")

    class Picky:
        def take(self, comment: Comment) -> Verdict:
            if comment.text == "poison":
                raise RuntimeError("what is this")
            return Verdict.NOTED

    async def main() -> None:
        clock = VirtualClock()
        inbox = Inbox(lambda comment: False)
        for number in range(BATCH + 40):
            await inbox.put(comment(number))
        inbox.close()
        watchdog = Watchdog(clock)
        parts = SimpleNamespace(judge=Picky(), journal=Written(), watchdog=watchdog)
        await judge_comments(parts, inbox, clock)  # type: ignore[arg-type]
        assert watchdog.alarms == (
            f"journal: {BATCH} comments were not journalled: no space left on the device",
        )

    anyio.run(main)
    assert [len(batch) for batch in batches] == [BATCH, 40]
    assert batches[0][3] == Record("comment", "c3", "failed\tviewer\tpoison")
    assert batches[0][4].body.startswith("noted")


def test_a_rush_leaves_the_event_loop_to_air() -> None:
    rounds = 0

    class Slow:
        def take(self, comment: Comment) -> Verdict:
            end = clock.now() + 0.001
            while clock.now() < end:
                pass
            return Verdict.NOTED

    class Written:
        async def record_many(self, entries: list[Record]) -> None:
            pass

    async def air() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await anyio.lowlevel.checkpoint()

    async def main() -> None:
        inbox = Inbox(lambda comment: False)
        for number in range(128):
            await inbox.put(comment(number))
        inbox.close()
        parts = SimpleNamespace(judge=Slow(), journal=Written(), watchdog=Watchdog(clock))
        async with anyio.create_task_group() as group:
            group.start_soon(air)
            await judge_comments(parts, inbox, clock)  # type: ignore[arg-type]
            group.cancel_scope.cancel()

    clock = RealClock()
    anyio.run(main)
    # two comments of a millisecond each, then the others
    assert rounds >= 128 / 3
