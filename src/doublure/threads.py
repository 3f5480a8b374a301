"""The only threads of the package: a named lane for each kind of blocking work."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Lane:
    """One worker thread. Calls run one after the other, in the order they were made.

    A cancelled call is abandoned: the caller goes on at once, the thread finishes the call, and the next
    call waits for it. `nice` (0..19) lowers the thread's priority on Linux, so that a model never takes the
    picture's core.
    """

    def __init__(self, name: str, nice: int = 0) -> None:
        self.name = name
        self._nice = nice
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name, initializer=self._settle)

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work` in the lane; return its result or raise its exception."""
        return await self.submit(work, *args, **kwargs)

    def submit(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[R]:
        """Queue `work` in the lane and return at once; the future is done when the work is."""
        return asyncio.wrap_future(self._executor.submit(work, *args, **kwargs))

    def close(self) -> None:
        """Refuse further calls and cancel those that wait. The running one may finish."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _settle(self) -> None:
        if self._nice:
            # Linux has a nice value per thread; elsewhere the priority stays unchanged
            with contextlib.suppress(AttributeError, OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._nice)
