"""The command line."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import anyio
import typer

from doublure import settings
from doublure.air.settings import PictureSettings
from doublure.cli import config as config_module
from doublure.cli.consent import COMPANY_KEY, consent_app
from doublure.cli.journal import journal_app
from doublure.cli.terminal import RoomFile, Seconds, echo, language_named, valid_consent
from doublure.clock import RealClock
from doublure.errors import ConsentError, DoublureError, EngineError, SettingsError
from doublure.log import set_up
from doublure.media import Language
from doublure.picture.settings import FaceSettings
from doublure.show.settings import RoomSettings, load_room
from doublure.trust import consent as consents
from doublure.trust import persona
from doublure.voice.settings import VoiceSettings

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
def say(
    persona: Annotated[str, typer.Argument(help="persona folder, or `card`, which needs none")],
    text: Annotated[str, typer.Argument(help="the line to say")],
    out: Annotated[Path, typer.Option(help="clip to write (MP4)")],
    voice: Annotated[str, typer.Option(help="voice of the engine, or `engine/voice`")] = "",
    language: Annotated[str, typer.Option(help="zh, en or fr; by default Chinese if it has hanzi")] = "",
    consent: Annotated[Path | None, typer.Option(help="consent file of the persona's host")] = None,
) -> None:
    """Render one line into a clip."""
    from doublure.show.clip import Order, render

    if not text.strip():
        raise SettingsError("there is nothing to say", remedy="give the line in quotes")
    if out.exists():
        raise SettingsError("there is a file already", where=str(out), remedy="write to another file")
    spoken = language_named(language, "--language") if language else _guess(text)
    face = FaceSettings(engine="card")
    if persona != "card":
        if consent is None:
            raise ConsentError(
                "a persona needs its host's consent to speak", where=persona, remedy="add --consent FILE"
            )
        valid_consent(consent)
        face = FaceSettings(engine="patch", persona=Path(persona), consent=consent)
    engine, _, name = voice.rpartition("/")
    speaker = VoiceSettings(engine=engine or "kokoro", name=name, persona=face.persona, consent=face.consent)
    order = Order(text, spoken, out, face, speaker, PictureSettings())
    clock = RealClock()
    began = clock.now()
    length = anyio.run(render, order)
    echo(f"{out}: {length:.1f} s, rendered in {clock.now() - began:.1f} s")


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


@app.command()
def enrol(
    footage: Annotated[Path, typer.Argument(help="video of the host")],
    consent: Annotated[Path, typer.Option(help="the host's consent file")],
    out: Annotated[Path, typer.Option(help="folder to write the persona to")],
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="for a first look: learnt from forty seconds, the nearest ready-made voice, no report card",
        ),
    ] = False,
    lang: Annotated[str, typer.Option(help="of the host and of the report card: zh, en or fr")] = "zh",
    key: Annotated[Path, typer.Option(help="the company's private key; it signs the persona")] = COMPANY_KEY,
) -> None:
    """Make a persona from footage."""
    given = valid_consent(consent)
    consents.check_footage(given, [footage])
    for module in ("mediapipe", "rich"):
        if importlib.util.find_spec(module) is None:
            raise EngineError(
                f"enrolment needs {module}, which is not installed",
                remedy="run `make enrol`, or pip install 'doublure[enrol]' and then "
                "pip install --no-deps mediapipe==0.10.21",
            )
    from doublure.enrol.enrol import QUICK_SECONDS, REPORT, Order
    from doublure.enrol.enrol import enrol as make_persona
    from doublure.enrol.match_voice import ROUNDS, VoiceOrder
    from doublure.enrol.progress import bars
    from doublure.voice.engines.kokoro import voice as kokoro

    language = language_named(lang, "--lang")
    signing = key if given.scope == "air" else None
    order = Order(footage, given, out, None, language, VoiceOrder(kokoro, language, ROUNDS), signing)
    if quick:
        order = Order(footage, given, out, QUICK_SECONDS, None, VoiceOrder(kokoro, language, 0), signing)
    with bars() as progress:
        made = make_persona(order, progress)
    size = made.size
    echo(f"{out}: persona of {given.who}, {size.width}x{size.height}, takes {', '.join(made.manifest.takes)}")
    if (matched := made.manifest.voices.get(language)) is not None:
        echo(
            f"voice matched: likeness {matched.score:.2f} (nearest ready-made voice {matched.nearest} "
            f"{matched.nearest_score:.2f}, one speaker from {matched.threshold:.2f})"
        )
    if (out / REPORT).is_dir():
        echo(f"how good it is: {out / REPORT / 'report.html'}")


@app.command()
def shotlist(
    lang: Annotated[str, typer.Option(help="the host's language: zh, en or fr")] = "zh",
    who: Annotated[str, typer.Option(help="the host's name, for the spoken consent")] = "",
    company: Annotated[str, typer.Option(help="who may use the likeness")] = "",
    purpose: Annotated[str, typer.Option(help="what for")] = "",
    until: Annotated[str, typer.Option(help="last day of the consent, as it is said")] = "",
    words: Annotated[str, typer.Option(help="four words of the day, with commas; drawn when absent")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
    serve: Annotated[
        bool, typer.Option(help="as a page with teleprompter, timers and spoken prompts")
    ] = False,
    host: Annotated[str, typer.Option(help="address of the page; 0.0.0.0 for a phone")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port of the page", min=0, max=65535)] = 8010,
) -> None:
    """Print or serve the list of shots that a host records for enrolment, about six minutes."""
    from doublure.enrol import shotlist as lists

    given = tuple(word.strip() for word in words.replace("，", ",").split(",") if word.strip())
    permission = lists.Permission(who, company, purpose, until, given)
    shots = lists.load(language_named(lang, "--lang"), permission)
    if serve:
        from doublure.console.recording import run

        run(shots, host, port, echo)
    elif as_json:
        echo(json.dumps(asdict(shots), ensure_ascii=False, indent=2))
    else:
        for line in lists.written(shots):
            echo(line)
        echo("\nAs a page with teleprompter, timers and spoken prompts: add --serve")


@app.command()
def sign(
    folder: Annotated[Path, typer.Argument(help="persona folder")],
    consent: Annotated[Path, typer.Option(help="the consent of its host")],
    key: Annotated[Path, typer.Option(help="the private key that signed the consent")] = COMPANY_KEY,
) -> None:
    """Sign a persona that is unsigned, or whose company key has changed."""
    persona.sign(folder, valid_consent(consent), key)
    echo(f"{folder}: the persona is signed")


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


def _guess(text: str) -> Language:
    return "zh" if any("\u4e00" <= letter <= "\u9fff" for letter in text) else "en"
