from collections.abc import AsyncIterator

import anyio
from prometheus_client import REGISTRY

from doublure.channel import Channel
from doublure.chat.listen import listen
from doublure.clock import VirtualClock
from doublure.cue import Comment
from doublure.errors import EngineError
from doublure.retry import LONGEST_PAUSE_SECONDS


class Flaky:
    """A chat that is lost after every `each` comments, `losses` times, then ends."""

    name = "flaky"

    def __init__(self, clock: VirtualClock, each: int, losses: int) -> None:
        self.clock = clock
        self.each = each
        self.losses = losses
        self.began: list[float] = []

    async def comments(self) -> AsyncIterator[Comment]:
        self.began.append(self.clock.now())
        for number in range(self.each):
            yield Comment(f"{len(self.began)}-{number}", self.name, "a", "hello", self.clock.now())
        if len(self.began) <= self.losses:
            raise EngineError("the connection was lost")


def faults() -> float:
    return REGISTRY.get_sample_value("doublure_stage_faults_total", {"stage": "listen"}) or 0.0


def heard(chat: Flaky, clock: VirtualClock, seconds: float) -> list[str]:
    inbox: Channel[Comment] = Channel("test_listen", 100, "drop_oldest")

    async def check() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen, chat, inbox, clock)
            await clock.advance(seconds)
            tasks.cancel_scope.cancel()

    anyio.run(check)
    return [comment.id for comment in inbox.clear()]


def test_a_lost_chat_comes_back_and_nothing_is_said_twice() -> None:
    clock = VirtualClock()
    before = faults()
    chat = Flaky(clock, each=2, losses=2)
    assert heard(chat, clock, 10) == ["1-0", "1-1", "2-0", "2-1", "3-0", "3-1"]
    assert chat.began == [0.0, 0.5, 1.0]
    assert faults() == before + 2


def test_pauses_double_up_to_ten_seconds() -> None:
    clock = VirtualClock()
    chat = Flaky(clock, each=0, losses=8)
    heard(chat, clock, 60)
    pauses = [later - sooner for sooner, later in zip(chat.began, chat.began[1:], strict=False)]
    assert pauses == [0.5, 1, 2, 4, 8, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS]


def test_a_full_inbox_loses_the_oldest_and_goes_on() -> None:
    async def check() -> None:
        clock = VirtualClock()
        inbox: Channel[Comment] = Channel("test_listen_full", 3, "drop_oldest")
        await listen(Flaky(clock, each=10, losses=0), inbox, clock)
        assert [comment.id for comment in inbox.clear()] == ["1-7", "1-8", "1-9"]
        assert inbox.dropped == 7

    anyio.run(check)


def test_a_closed_inbox_ends_it() -> None:
    async def check() -> None:
        clock = VirtualClock()
        inbox: Channel[Comment] = Channel("test_listen_closed", 3)
        inbox.close()
        with anyio.fail_after(2):
            await listen(Flaky(clock, each=1, losses=99), inbox, clock)

    anyio.run(check)


def test_it_can_be_cancelled_in_its_pause() -> None:
    clock = VirtualClock()
    chat = Flaky(clock, each=0, losses=1)
    assert heard(chat, clock, 0.1) == []
    assert len(chat.began) == 1
