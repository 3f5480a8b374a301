"""`doublure consent`: make, show and revoke the host's permission."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from doublure.cli.terminal import echo, valid_consent
from doublure.clock import RealClock
from doublure.errors import SettingsError
from doublure.trust import consent as consents
from doublure.trust.consent import Scope, Terms

COMPANY_KEY = Path(typer.get_app_dir("doublure")) / "consent.key"
consent_app = typer.Typer(help="The host's permission: make, show and revoke it.", no_args_is_help=True)


@consent_app.command("new")
def consent_new(
    who: Annotated[str, typer.Option(help="the host's name")],
    company: Annotated[str, typer.Option(help="who may use the likeness")],
    purpose: Annotated[str, typer.Option(help="what for")],
    first: Annotated[str, typer.Option("--from", help="first day it holds, YYYY-MM-DD")],
    last: Annotated[str, typer.Option("--until", help="last day it holds, YYYY-MM-DD")],
    footage: Annotated[list[Path], typer.Option(help="file of footage; give it once for each file")],
    out: Annotated[Path, typer.Option(help="consent file to write")],
    platform: Annotated[
        list[str] | None, typer.Option(help="platform or host it may air on; once for each")
    ] = None,
    scope: Annotated[str, typer.Option(help="air, or local: loopback addresses and files only")] = "air",
    voice: Annotated[bool, typer.Option(help="whether the voice may be doubled as well")] = True,
    key: Annotated[Path, typer.Option(help="the company's private key; made when absent")] = COMPANY_KEY,
    zone: Annotated[str, typer.Option(help="time zone of its days, by its IANA name")] = consents.ZONE,
) -> None:
    """Make and sign a consent."""
    made = not key.exists()
    terms = Terms(
        who=who,
        company=company,
        purpose=purpose,
        platforms=tuple(platform or ()),
        scope=_scope(scope),
        start=_day(first, "--from"),
        end=_day(last, "--until"),
        footage=tuple(consents.fingerprint(file) for file in footage),
        covers=("face", "voice") if voice else ("face",),
        zone=zone,
    )
    consent = consents.issue(terms, key, out)
    if made:
        echo(f"{key}: a new private key; keep it safe and out of reach of others")
    echo(f"{out}: consent of {consent.who}, {consent.start} to {consent.end}, signed with {consent.key}")
    echo(f"where it is used, trust that key: export DOUBLURE_TRUSTED_KEYS={consent.key}")


@consent_app.command("show")
def consent_show(file: Annotated[Path, typer.Argument(help="consent file")]) -> None:
    """Show a consent and whether it holds today."""
    consent = consents.read(file)
    for name, text in (
        ("who", consent.who),
        ("company", consent.company),
        ("purpose", consent.purpose),
        ("platforms", ", ".join(consent.platforms) or "none"),
        ("scope", consent.scope),
        ("from", str(consent.start)),
        ("until", f"{consent.end} ({consent.zone})"),
        ("covers", ", ".join(consent.covers)),
        ("footage", ", ".join(consent.footage)),
        ("signed with", consent.key),
    ):
        echo(f"{name:12}{text}")
    valid_consent(file)
    echo(f"{'holds':12}today")


@consent_app.command("revoke")
def consent_revoke(
    file: Annotated[Path, typer.Argument(help="consent file")],
    key: Annotated[Path, typer.Option(help="the private key that signed it")] = COMPANY_KEY,
) -> None:
    """Revoke a consent: every room that uses it leaves the air within ten seconds."""
    revocation = consents.revoke(file, key, at=RealClock().wall())
    echo(f"{revocation}: the consent is revoked; copy this file to every machine that uses it")


def _scope(name: str) -> Scope:
    for scope in get_args(Scope):
        if name == scope:
            return cast(Scope, scope)
    raise SettingsError(f"there is no scope {name!r}", where="--scope", remedy="choose air or local")


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(
            f"{text!r} is not a date", where=where, remedy="write it like 2026-12-31"
        ) from None
