"""The errors an operator can act on: what happened, where, and what to do.

Only these six leave the package. Any other exception is a bug of ours; it is caught once, at the stage's
boundary, and counted there.
"""

from __future__ import annotations


class DoublureError(Exception):
    """The base class: `what` happened, `where` (file:line, address, name), and the `remedy`."""

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
    """Footage or a persona that cannot be used; `where` names the file and the second of the footage."""


class EngineError(DoublureError):
    """A voice, face, writer or chat engine that is missing, broken or overloaded."""


class SinkError(DoublureError):
    """An output that refused the stream or was lost."""
