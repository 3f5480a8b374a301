"""The command line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import anyio
import typer

from doublure import settings
from doublure.cli import config as config_module
from doublure.cli.consent import consent_app
from doublure.cli.journal import journal_app
from doublure.cli.persona import persona_app
from doublure.cli.terminal import RoomFile, Seconds, echo, language_named
from doublure.clock import RealClock
from doublure.errors import DoublureError, SettingsError
from doublure.log import set_up
from doublure.media import Language
from doublure.show.settings import RoomSettings, load_room

WRONG = 2
"""Exit code for an error that the operator can fix."""

app = typer.Typer(
    help="A consented AI double of a live-shopping host that keeps the room on air.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(consent_app, name="consent")
app.add_typer(journal_app, name="journal")
# without a name its commands stand beside the others
app.add_typer(persona_app)


def main() -> None:
    """The entry point. An error that the operator can fix becomes a line on stderr and exit code 2."""
    try:
        app()
    except DoublureError as error:
        _give_up([error])
    except ExceptionGroup as group:
        mendable, faults = group.split(DoublureError)
        if faults is not None or mendable is None:
            raise
        _give_up(_leaves(mendable))


def _give_up(errors: Iterable[BaseException]) -> NoReturn:
    for error in errors:
        echo(f"doublure: {error}", wrong=True)
    sys.exit(WRONG)


def _leaves(group: BaseExceptionGroup[DoublureError]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


@app.callback()
def begin(
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error")] = None,
) -> None:
    """A consented AI double of a live-shopping host that keeps the room on air."""
    level = log_level or settings.load_machine().log_level
    if level not in ("debug", "info", "warning", "error"):
        raise SettingsError(
            f"there is no log level {level!r}",
            where="--log-level",
            remedy="choose debug, info, warning or error",
        )
    set_up(level)


@app.command()
def demo(
    speak: Annotated[str, typer.Option(help="language: zh, en or fr")] = "zh",
    port: Annotated[int | None, typer.Option(help="port of the console", min=1, max=65535)] = None,
    seconds: Seconds = None,
) -> None:
    """Put the demo room on air and serve its console."""
    from doublure.cli.air import Door, run_show

    machine = settings.load_machine()
    door = Door(machine.console_host, port or machine.console_port, machine.console_password)
    room = _demo_room(language_named(speak, "--speak"), machine.cache_folder.expanduser())
    anyio.run(lambda: run_show(room, RealClock(), seconds=seconds, door=door, announce=echo))


@app.command()
def air(room: RoomFile, seconds: Seconds = None) -> None:
    """Put a room on air without the console. Ctrl-C ends after the sentence; a second one stops at once."""
    from doublure.cli.air import run_show

    opened = load_room(room)
    anyio.run(lambda: run_show(opened, RealClock(), seconds=seconds, announce=echo))


@app.command()
def check(room: RoomFile) -> None:
    """Check a room before it goes on air and print its problems; exit code 1 if there are any."""
    from doublure.show.check import problems

    found = list(problems(room, RealClock()))
    for problem in found:
        echo(problem)
    if found:
        raise typer.Exit(1)
    echo(f"{room}: ready to go on air")


@app.command()
def config(
    markdown: Annotated[bool, typer.Option("--markdown", help="as the table of docs/settings.md")] = False,
) -> None:
    """Print every setting with its unit, default and description."""
    rows = list(config_module.rows())
    if markdown:
        echo("| setting | values | unit | default | what it is |\n| --- | --- | --- | --- | --- |")
        for row in rows:
            echo(f"| `{row.name}` | {row.values} | {row.unit} | {row.default} | {row.doc} |")
        return
    widths = [
        max(len(text) for text in column)
        for column in zip(*((r.name, r.unit, r.default) for r in rows), strict=True)
    ]
    for row in rows:
        name, unit, default = (
            text.ljust(width) for text, width in zip((row.name, row.unit, row.default), widths, strict=True)
        )
        echo(f"{name}  {unit}  {default}  {row.doc} ({row.values})")


def _demo_room(speak: Language, cache: Path) -> RoomSettings:
    """The demo's room: from the checkout, else the installed one, which records in the user's cache."""
    checkout = Path(__file__).parents[3] / "demo" / speak / "room.yaml"
    if checkout.exists():
        return load_room(checkout)
    installed = load_room(Path(sys.prefix) / "share" / "doublure" / "demo" / speak / "room.yaml")
    folder = cache / f"demo-{speak}"
    sinks = tuple(
        sink.model_copy(update={"path": folder / sink.path.name}) if sink.path else sink
        for sink in installed.sinks
    )
    return installed.model_copy(update={"folder": folder, "sinks": sinks})
