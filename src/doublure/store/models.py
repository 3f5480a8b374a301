"""The tables of the store: the journal's entries and its newest link."""

from __future__ import annotations

from sqlalchemy import String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Table(DeclarativeBase):
    """Base class of the tables."""


class EntryRow(Table):
    """One entry of the journal. The database refuses to change or delete it."""

    __tablename__ = "journal_entries"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Counts from 1, without gaps."""
    mark: Mapped[str] = mapped_column(String(32), unique=True)
    """Unique id given by the writer, so that an entry is never written twice."""
    at: Mapped[str] = mapped_column(String(32))
    """UTC, ISO 8601 with microseconds."""
    kind: Mapped[str] = mapped_column(String(32), index=True)
    ref: Mapped[str] = mapped_column(Text, index=True)
    """Id of its subject: a comment, an utterance, an order."""
    body: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    """Hash of the entry before; 64 zeros for the first entry."""
    hash: Mapped[str] = mapped_column(String(64))
    """sha256 (hex) of `previous` and this entry's canonical form."""


class HeadRow(Table):
    """The newest link, one row. It is locked while an entry is added, so that two processes keep one
    chain. It also reveals that the newest entries were cut off."""

    __tablename__ = "journal_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Always 1."""
    number: Mapped[int]
    """Number of the newest entry, 0 if there is none."""
    hash: Mapped[str] = mapped_column(String(64))
    journal: Mapped[str] = mapped_column(String(32), server_default="")
    """Random id of this journal, hex."""
    key: Mapped[str] = mapped_column(String(64), server_default="")
    """Public key, hex, of the machine that signed this link; see `doublure.trust.seal`."""
    signature: Mapped[str] = mapped_column(String(128), server_default="")
    """Ed25519, hex."""
