"""The errors an operator can act on: what happened, to which thing, and what to do.

Only these six leave the package. Everything else is a fault of ours, is caught once at the
stage's boundary, and is counted there.
"""

from __future__ import annotations


class DoublureError(Exception):
    """The root: `what` happened, `where` (file:line, address, name) and what `remedy` helps."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{place}{self.what}{remedy}"


class SettingsError(DoublureError):
    """A room, catalogue or rundown file that cannot be used; `where` is `file:line`."""


class ConsentError(DoublureError):
    """No valid consent: expired, revoked, tampered with, or given for something else."""


class FootageError(DoublureError):
    """Footage or a persona that cannot be used; `where` names the file and the second."""


class EngineError(DoublureError):
    """A voice, face, writer or chat engine is missing, broken or was asked for too much."""


class SinkError(DoublureError):
    """An output refused the stream or was lost."""
