"""The only threads of the package: one named lane for each thing that blocks."""

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

    A cancelled call is abandoned: the caller goes on at once, the thread finishes what it does,
    and the next call waits behind it. `nice` (0..19) lowers the thread's priority on Linux, so
    that a model never takes the picture's core.
    """

    def __init__(self, name: str, nice: int = 0) -> None:
        self.name = name
        self._nice = nice
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name, initializer=self._settle)

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work` in the lane and return or raise what it does."""
        return await self.submit(work, *args, **kwargs)

    def submit(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[R]:
        """Put `work` in the lane and go on; the future tells when it is done."""
        return asyncio.wrap_future(self._executor.submit(work, *args, **kwargs))

    def close(self) -> None:
        """Refuse further calls; the one that runs is left to finish."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _settle(self) -> None:
        if self._nice:
            # Linux gives each thread its own nice value; elsewhere priority stays as it is
            with contextlib.suppress(AttributeError, OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._nice)
