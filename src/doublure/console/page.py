"""Renders the console's pages and panels as HTML."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from doublure.console import entries
from doublure.console.words import NAMES, Words
from doublure.views import RoomView

PANELS = ("state", "alarms", "clock", "now", "next", "said", "comments", "unknown", "outputs", "figures")
"""The parts of the page that update themselves. Each is a template and an element id of that name."""


def environment() -> Environment:
    """The console's templates; a missing value raises an error."""
    return Environment(
        loader=PackageLoader("doublure.console"),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


_templates = environment()


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"


_templates.filters["clock"] = _clock


def panels(view: RoomView, words: Words) -> dict[str, str]:
    """The HTML of each panel."""
    return {
        name: _templates.get_template(f"panels/{name}.html").render(view=view, t=words) for name in PANELS
    }


def whole(view: RoomView, words: Words, *, protected: bool) -> str:
    """The control room."""
    return _templates.get_template("room.html").render(
        view=view, t=words, panels=panels(view, words), names=NAMES, limits=entries, protected=protected
    )


def login(words: Words, fault: str = "") -> str:
    """The page that asks for the password."""
    return _templates.get_template("login.html").render(t=words, names=NAMES, fault=fault)


def note(words: Words, *, done: str = "", fault: str = "", remedy: str = "") -> str:
    """The result of an order, shown beside its button."""
    return _templates.get_template("note.html").render(t=words, done=done, fault=fault, remedy=remedy)


def update(fresh: Mapping[str, str], shown: Mapping[str, str]) -> str:
    """The panels that differ from those shown, each with its place on the page."""
    return "".join(
        f'<hx-partial hx-target="#{name}" hx-swap="innerMorph">{html}</hx-partial>'
        for name, html in fresh.items()
        if html != shown.get(name)
    )
