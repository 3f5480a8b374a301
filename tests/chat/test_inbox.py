"""The edge between the chats and the judge: bounded, and careful about what must not be lost."""

from __future__ import annotations

import anyio
import pytest

from doublure.channel import Closed
from doublure.chat.inbox import CAREFUL, COMMENTS_AHEAD, Inbox
from doublure.conversation.judge import may_ask_identity
from doublure.cue import Comment


def comment(number: int, text: str = "hello") -> Comment:
    return Comment(f"c{number}", "chat", "viewer", text, 0.0)


def inbox() -> Inbox:
    return Inbox(lambda comment: may_ask_identity(comment.text))


def test_what_waits_is_taken_at_once_in_its_order() -> None:
    async def main() -> None:
        box = inbox()
        for number in range(5):
            await box.put(comment(number))
        assert [one.id for one in await box.take(3)] == ["c0", "c1", "c2"]
        assert [one.id for one in await box.take(3)] == ["c3", "c4"]
        assert len(box) == 0

    anyio.run(main)


@pytest.mark.parametrize("place", [CAREFUL + 1, COMMENTS_AHEAD, COMMENTS_AHEAD * 2])
def test_are_you_real_outlives_any_rush(place: int) -> None:
    async def main() -> list[Comment]:
        box = inbox()
        for number in range(COMMENTS_AHEAD * 3):
            await box.put(comment(number, "are you a real person?" if number == place else "buy buy buy"))
        assert len(box) <= COMMENTS_AHEAD + 1
        return await box.take(1)

    assert anyio.run(main)[0].text == "are you a real person?"


def test_a_chat_that_yields_something_else_is_told_so() -> None:
    async def main() -> None:
        with pytest.raises(TypeError, match="not dict"):
            await inbox().put({"text": "hello"})  # type: ignore[arg-type]

    anyio.run(main)


def test_a_closed_inbox_ends_its_reader() -> None:
    async def main() -> None:
        box = inbox()
        await box.put(comment(1))
        box.close()
        assert len(await box.take(5)) == 1
        with pytest.raises(Closed):
            await box.take(5)

    anyio.run(main)
