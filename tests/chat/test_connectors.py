from pathlib import Path

import anyio
import pytest

from doublure.chat.connectors import console, replay
from doublure.chat.engine import Chat
from doublure.chat.settings import ChatSettings
from doublure.clock import VirtualClock
from doublure.cue import Comment
from doublure.engines import find_engine
from doublure.errors import SettingsError
from doublure.media import LANGUAGES, Language

DEMO = Path(__file__).resolve().parents[2] / "demo"
COMMENTS = """\
comments:
  - {at_seconds: 5, author: b, text: second}
  - {at_seconds: 1.5, author: a, text: first}
  - {at_seconds: 6, author: c, text: rose, kind: gift, count: 3}
"""


def played(file: Path, seconds: float) -> list[Comment]:
    clock = VirtualClock()
    chat = replay.make(ChatSettings(engine="replay", file=file), clock)
    heard: list[Comment] = []

    async def check() -> None:
        async def hear() -> None:
            async for comment in chat.comments():
                heard.append(comment)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hear)
            await clock.advance(seconds)
            tasks.cancel_scope.cancel()

    anyio.run(check)
    return heard


def test_ids_of_two_shows_differ(tmp_path: Path) -> None:
    async def first_id(clock: VirtualClock) -> str:
        chat = replay.make(ChatSettings(engine="replay", file=write(tmp_path, COMMENTS)), clock)
        found: list[Comment] = []

        async def hear() -> None:
            async for comment in chat.comments():
                found.append(comment)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hear)
            await clock.advance(2)
            tasks.cancel_scope.cancel()
        return found[0].id

    async def both() -> None:
        clock = VirtualClock()
        assert await first_id(clock) != await first_id(clock)

    anyio.run(both)


def write(folder: Path, text: str, name: str = "comments.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def refused(file: Path) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        replay.make(ChatSettings(engine="replay", file=file), VirtualClock())
    return caught.value


def test_what_is_typed_is_heard_in_order() -> None:
    async def check() -> None:
        clock = VirtualClock()
        await clock.advance(3)
        chat = console.make(ChatSettings(), clock)
        posted = [chat.post(" 小雨 ", " 多少钱 "), chat.post("b", "second")]
        heard = []
        with anyio.move_on_after(0.5):
            async for comment in chat.comments():
                heard.append(comment)
                if len(heard) == 2:
                    break
        assert heard == posted
        assert (heard[0].author, heard[0].text, heard[0].at, heard[0].kind) == (
            "小雨",
            "多少钱",
            3.0,
            "comment",
        )
        assert heard[0].id != heard[1].id

    anyio.run(check)


def test_typing_without_a_reader_is_bounded() -> None:
    async def check() -> None:
        chat = console.make(ChatSettings(), VirtualClock())
        for number in range(console.TYPED_AHEAD + 5):
            chat.post("a", str(number))
        async for comment in chat.comments():
            assert comment.text == "5"
            break

    anyio.run(check)


def test_comments_are_played_at_their_times(tmp_path: Path) -> None:
    file = write(tmp_path, COMMENTS)
    assert [comment.text for comment in played(file, 4)] == ["first"]
    heard = played(file, 60)
    assert [(comment.text, comment.at) for comment in heard] == [
        ("first", 1.5),
        ("second", 5.0),
        ("rose", 6.0),
    ]
    assert (heard[2].kind, heard[2].count, heard[2].chat) == ("gift", 3, "replay")


def test_a_loop_begins_again_with_new_ids(tmp_path: Path) -> None:
    heard = played(write(tmp_path, "repeat_seconds: 10\n" + COMMENTS), 26.5)
    assert [(comment.text, comment.at) for comment in heard] == [
        ("first", 1.5), ("second", 5.0), ("rose", 6.0), ("first", 11.5), ("second", 15.0), ("rose", 16.0), ("first", 21.5), ("second", 25.0), ("rose", 26.0),
    ]  # fmt: skip
    assert len({comment.id for comment in heard}) == 9


def test_a_table_is_played_too(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "\ufeffat_seconds,author,text,kind,count\n1,小雨,多少钱,,\n2,b,rose,gift,2\n",
        "comments.csv",
    )
    assert [(c.author, c.text, c.kind, c.count) for c in played(file, 9)] == [
        ("小雨", "多少钱", "comment", 1),
        ("b", "rose", "gift", 2),
    ]


def test_files_that_cannot_be_played(tmp_path: Path) -> None:
    error = refused(write(tmp_path, "comments:\n  - {at_seconds: 1, txt: hi}\n"))
    assert error.where.endswith("comments.yaml:2")
    assert error.remedy == "did you mean `text`?"
    assert "at_seconds" in refused(write(tmp_path, "comments:\n  - {at_seconds: -1, text: hi}\n")).what
    assert "kind" in refused(write(tmp_path, "comments:\n  - {at_seconds: 1, kind: present}\n")).what
    shorter = refused(write(tmp_path, "repeat_seconds: 2\n" + COMMENTS))
    assert shorter.where.endswith(":1")
    assert shorter.remedy == "write at least 6"
    table = refused(write(tmp_path, "at_seconds,author,text\n1,a,hi\nsoon,b,hi\n", "comments.csv"))
    assert table.where.endswith("comments.csv:3")
    assert "no comments" in refused(write(tmp_path, "at_seconds,author,text\n", "empty.csv")).what
    assert "cannot be read" in refused(tmp_path / "nothing.csv").what
    with pytest.raises(SettingsError, match="has no file"):
        replay.make(ChatSettings(engine="replay"), VirtualClock())


def test_the_engines_are_found_by_name(tmp_path: Path) -> None:
    chats: list[Chat] = [
        find_engine("chats", "console")(ChatSettings(), VirtualClock()),  # type: ignore[list-item]
        find_engine("chats", "replay")(ChatSettings(file=write(tmp_path, COMMENTS)), VirtualClock()),  # type: ignore[list-item]
    ]
    assert [chat.name for chat in chats] == ["console", "replay"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_demo_comments(language: Language) -> None:
    heard = played(DEMO / language / "comments.yaml", 239)
    assert len(heard) >= 15
    assert {"comment", "gift", "follow", "enter"} <= {comment.kind for comment in heard}
