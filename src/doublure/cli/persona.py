"""`doublure enrol`, `sign`, `say` and `shotlist`: a persona from its recording to its first line."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import anyio
import typer

from doublure.air.settings import PictureSettings
from doublure.cli.consent import COMPANY_KEY
from doublure.cli.terminal import echo, language_named, valid_consent
from doublure.clock import RealClock
from doublure.errors import ConsentError, EngineError, SettingsError
from doublure.media import Language
from doublure.picture.settings import FaceSettings
from doublure.trust import consent as consents
from doublure.trust import persona
from doublure.voice.settings import VoiceSettings

persona_app = typer.Typer(rich_markup_mode=None)


@persona_app.command()
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


@persona_app.command()
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


@persona_app.command()
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


@persona_app.command()
def sign(
    folder: Annotated[Path, typer.Argument(help="persona folder")],
    consent: Annotated[Path, typer.Option(help="the consent of its host")],
    key: Annotated[Path, typer.Option(help="the private key that signed the consent")] = COMPANY_KEY,
) -> None:
    """Sign a persona that is unsigned, or whose company key has changed."""
    persona.sign(folder, valid_consent(consent), key)
    echo(f"{folder}: the persona is signed")


def _guess(text: str) -> Language:
    return "zh" if any("\u4e00" <= letter <= "\u9fff" for letter in text) else "en"
