"""`doublure journal`: the record of what aired."""

from __future__ import annotations

import typer

from doublure.cli.terminal import RoomFile, echo
from doublure.show.settings import load_room
from doublure.trust import audit

journal_app = typer.Typer(help="The record of what aired.", no_args_is_help=True)


@journal_app.command("verify")
def journal_verify(room: RoomFile) -> None:
    """Read the whole journal of a room and check that it is unchanged."""
    opened = load_room(room)
    found = audit.audit(opened.folder, opened.store)
    echo(f"{found.entries} entries, as they were written; {found.spooled} more wait in the spool")
    echo(f"newest entry sealed by: {found.sealed_by or 'nobody'}")
