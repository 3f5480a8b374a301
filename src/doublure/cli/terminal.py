"""Shared by the commands: printing, and arguments for a language, a room file and a consent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from doublure import settings
from doublure.clock import RealClock
from doublure.errors import SettingsError
from doublure.media import LANGUAGES, Language
from doublure.trust import consent as consents
from doublure.trust.consent import Consent

RoomFile = Annotated[Path, typer.Argument(help="room file (YAML)", metavar="ROOM.yaml")]
Seconds = Annotated[float | None, typer.Option(help="end the show after this many seconds", min=1)]


def echo(text: str, *, wrong: bool = False) -> None:
    """Print a line on stdout, or on stderr if `wrong`."""
    typer.echo(text, err=wrong)


def language_named(name: str, where: str) -> Language:
    for language in LANGUAGES:
        if name.lower() == language:
            return language
    raise SettingsError(
        f"there is no language {name!r}", where=where, remedy=f"choose one of {', '.join(LANGUAGES)}"
    )


def valid_consent(consent: Path) -> Consent:
    """Load a consent that is valid today and signed with a key that this machine trusts. Raises `ConsentError`."""
    return consents.load(consent, today=RealClock().wall(), trusted=settings.load_machine().trusted)
