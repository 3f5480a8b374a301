"""Progress bars of enrolment with the time left, on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich import progress as rich_progress
from rich.console import Console

from doublure.enrol.scan import Progress


@contextmanager
def bars() -> Iterator[Progress]:
    """Show one bar per stage; a bar is filled when the next stage begins."""
    columns = (
        *rich_progress.Progress.get_default_columns()[:3],
        rich_progress.TimeRemainingColumn(),
        rich_progress.TimeElapsedColumn(),
    )
    with rich_progress.Progress(*columns, console=Console(stderr=True)) as drawn:
        shown: dict[str, rich_progress.TaskID] = {}

        def finish() -> None:
            for bar in drawn.tasks:
                drawn.update(bar.id, completed=bar.total)

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in shown:
                finish()
                shown[stage] = drawn.add_task(stage, total=total)
            drawn.update(shown[stage], completed=done, total=total)

        yield progress
        finish()
