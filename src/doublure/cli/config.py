"""The list of all settings, for `doublure config` and docs/settings.md."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from doublure.settings import MachineSettings
from doublure.show.settings import RoomSettings

UNITS = {
    "seconds": "s",
    "minutes": "min",
    "pixels": "px",
    "kbps": "kbit/s",
    "hertz": "Hz",
    "comments": "comments",
    "speed": "ratio",
    "port": "port",
}
"""Unit by the last word of a setting's name."""


@dataclass(frozen=True, slots=True)
class Row:
    """One setting, as a row of the list."""

    name: str
    """Dotted path, such as `sinks[].url` for an item of a list, or `DOUBLURE_...` for an environment variable."""
    values: str
    unit: str
    default: str
    doc: str


def rows() -> Iterator[Row]:
    """All settings: those of a room file, then the machine's."""
    yield from _rows(RoomSettings, "")
    for row in _rows(MachineSettings, ""):
        yield Row(f"DOUBLURE_{row.name.upper()}", row.values, row.unit, row.default, row.doc)


def _rows(model: type[BaseModel], prefix: str) -> Iterator[Row]:
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is not None:
            several = typing.get_origin(field.annotation) is tuple
            yield from _rows(inner, f"{prefix}{name}{'[]' if several else ''}.")
            continue
        unit = UNITS.get(name.rpartition("_")[2], "")
        yield Row(f"{prefix}{name}", _values(field), unit, _default(field), field.description or "")


def _model_in(annotation: object) -> type[BaseModel] | None:
    for part in (annotation, *typing.get_args(annotation)):
        if (
            isinstance(part, type)
            and not isinstance(part, types.GenericAlias)
            and issubclass(part, BaseModel)
        ):
            return part
    return None


def _values(field: FieldInfo) -> str:
    parts = [
        part for part in (typing.get_args(field.annotation) or (field.annotation,)) if part is not type(None)
    ]
    if typing.get_origin(field.annotation) is Literal:
        return ", ".join(str(part) for part in parts)
    words = {str: "text", bool: "true or false", int: "whole number", float: "number", Path: "path"}
    shown = words.get(parts[0], str(parts[0])) if parts else ""
    if typing.get_origin(field.annotation) is tuple:
        return f"list of {shown}"
    for sign, bound in (("≥", "ge"), (">", "gt"), ("≤", "le"), ("multiple of", "multiple_of")):
        for limit in field.metadata:
            if hasattr(limit, bound):
                shown += f" {sign} {getattr(limit, bound)}"
    return shown


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None or field.default == "" or field.default == ():
        return "none"
    return str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
