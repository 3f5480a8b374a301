"""Reads YAML files that people write, and reports errors with file, line and what to write instead.

A document is first composed to nodes, so that every value keeps its line, and then checked by a pydantic
model. Problems are raised as one `SettingsError` about the first of them, which lists the others by line.
"""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from doublure.errors import SettingsError
from doublure.files import contents

M = TypeVar("M", bound=BaseModel)
Place = tuple[int | str, ...]
"""Keys and positions from the top of the document to a value."""

LISTED_PROBLEMS = 6
"""Further problems that an error lists; the rest are only counted."""
SHOWN_CHARACTERS = 40
"""Characters of a wrong value that the message shows."""
LARGEST_BYTES = 4_000_000
"""Largest document: a catalogue of more than ten thousand products. Python's YAML reads about 100 kB/s."""
DEEPEST = 24
"""Most levels of a document; ours need six."""
LONGEST_BITS = 1024
"""Most bits of a whole number. Python refuses to print one of more than 4,300 digits, even in an error."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem in a document."""

    what: str
    line: int
    """1-based; 0 if it concerns the file as a whole."""
    remedy: str = ""


class Document:
    """A file of settings with the line of each of its values."""

    def __init__(self, path: Path) -> None:
        """Read and compose the file. Raises `SettingsError`."""
        self.path = path
        text = _text(path)
        try:
            loader = _Loader(text)
            try:
                root = loader.get_single_node()
                if root is None:
                    raise _error(
                        path, [Problem("the file is empty", 0, "see the files in demo/ for an example")]
                    )
                doubled = _doubled_key(root)
                if doubled is not None:
                    raise _error(path, [doubled])
                self._root: yaml.Node = root
                self.content: object = loader.construct_document(root)
            finally:
                loader.dispose()
        except yaml.YAMLError as error:
            raise _error(path, [_yaml_problem(error)]) from error

    def check(self, model: type[M]) -> M:
        """The content as a `model`. Raises `SettingsError`."""
        try:
            return model.model_validate(self.content)
        except ValidationError as error:
            problems = [self._problem(details, model) for details in _causes(error.errors(), model)]
            raise self.error(problems) from error

    def problem(self, what: str, place: Place, remedy: str = "") -> Problem:
        """A problem with the value at `place`."""
        return Problem(what, self.line(place), remedy)

    def error(self, problems: list[Problem]) -> SettingsError:
        """One error about all problems, in the order of their lines."""
        return _error(self.path, problems)

    def line(self, place: Place) -> int:
        """Line of the value at `place`, or of the nearest block or list around it."""
        node, line = self._root, self._root.start_mark.line + 1
        for step in place:
            found = _step(node, step)
            if found is None:
                break
            node, line = found
        return line

    def _problem(self, details: ErrorDetails, model: type[BaseModel]) -> Problem:
        place = details["loc"]
        kind = details["type"]
        if kind == "extra_forbidden":
            key = str(place[-1])
            return self.problem(f"unknown key `{key}`", place, _meant(key, _keys_at(model, place[:-1])))
        if kind == "missing":
            return self.problem(f"`{place[-1]}` is missing", place[:-1], f"add `{place[-1]}: ...` here")
        what, remedy = _wording(details)
        return self.problem(what, place, remedy)


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, hardened against untrusted files: bounded depth, no aliases (a few lines of them
    can stand for billions of values, or for a list that holds itself), and only `yaml.YAMLError`."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The next node, within the limits. Raises `yaml.YAMLError`."""
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise _refused(f"the alias `*{event.anchor}` is not allowed", event)
        if self.depth == DEEPEST:
            raise _refused(f"more than {DEEPEST} levels", event)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        """The value of a node. Raises `yaml.YAMLError`, also where PyYAML raises an error of Python's own
        types: for the date 2026-02-30, a number of 5,000 digits, `!!bool perhaps`."""
        try:
            value: object = super().construct_object(node, deep)
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
            kind = node.tag.rpartition(":")[2]
            raise _refused(f"{_shown(node.value)} is no {kind}", node) from error
        if isinstance(value, int) and value.bit_length() > LONGEST_BITS:
            raise _refused(f"{_shown(node.value)} is no int that can be used", node)
        return value


def _refused(what: str, at: yaml.Event | yaml.Node) -> yaml.YAMLError:
    mark = at.start_mark
    return yaml.MarkedYAMLError(problem=what, problem_mark=mark if isinstance(mark, yaml.Mark) else None)


def read(path: Path, model: type[M]) -> M:
    """The file as a `model`. Raises `SettingsError` whose `where` is `file:line`."""
    return Document(path).check(model)


def close(word: str, known: typing.Iterable[str]) -> str:
    """`did you mean ...?`, or the list of known words."""
    return _meant(word, list(known))


def _text(path: Path) -> str:
    try:
        raw = contents(path, LARGEST_BYTES)
    except FileNotFoundError:
        raise SettingsError("there is no such file", where=str(path), remedy=_beside(path)) from None
    except IsADirectoryError:
        raise SettingsError(
            "this is a folder, not a file", where=str(path), remedy=_beside(path / "x")
        ) from None
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", where=str(path)) from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = Problem("the text is not UTF-8", line, "save the file as UTF-8")
        raise _error(path, [problem]) from error


def _beside(path: Path) -> str:
    if not path.parent.is_dir():
        return f"the folder {path.parent} does not exist either"
    near = sorted(file.name for file in path.parent.glob("*.y*ml"))
    return _meant(path.name, near) if near else "check the path"


_YAML_REMEDY = "check the indentation, the colons and the quotes on this line and the one before"
_YAML_REMEDIES = {
    "got '?'": "inside [ ] or { } a text that ends with a question mark needs quotes",
    "mapping values are not allowed": "a text with `: ` in it needs quotes",
    "the alias": "write the value itself in its place",
    "levels": "a file of settings has about six levels: close the brackets, check the indentation",
    "is no timestamp": "put it in quotes to keep it as text, or correct the date",
    "is no ": "put it in quotes to keep it as text",
    "cannot start any token": "indent with spaces, and put texts that begin with a sign in quotes",
}
"""Remedies by the words in PyYAML's messages; the first that fits counts."""


def _yaml_problem(error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        problem = error.problem or "it cannot be read"
        remedy = next((remedy for sign, remedy in _YAML_REMEDIES.items() if sign in problem), _YAML_REMEDY)
        return Problem(f"this is not valid YAML: {problem}", error.problem_mark.line + 1, remedy)
    return Problem(
        "this is not valid YAML: a character that YAML does not allow", 0, "retype the file as plain text"
    )


def _error(path: Path, problems: list[Problem]) -> SettingsError:
    first, *others = sorted(problems, key=lambda problem: problem.line)
    remedy = first.remedy
    if others:
        listed = "; ".join(f"line {other.line}: {other.what}" for other in others[:LISTED_PROBLEMS])
        hidden = len(others) - LISTED_PROBLEMS
        tail = f"; and {hidden} more" if hidden > 0 else ""
        remedy = f"{remedy}; also {listed}{tail}" if remedy else f"also {listed}{tail}"
    where = f"{path}:{first.line}" if first.line else str(path)
    return SettingsError(first.what, where=where, remedy=remedy)


def _doubled_key(node: yaml.Node) -> Problem | None:
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, child in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                remedy = f"it stands on line {seen[name]} already: keep one of them"
                return Problem(f"the key `{name}` is given twice", line, remedy)
            seen[name] = line
            found = _doubled_key(child)
            if found is not None:
                return found
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            found = _doubled_key(child)
            if found is not None:
                return found
    return None


def _causes(errors: list[ErrorDetails], model: type[BaseModel]) -> Iterator[ErrorDetails]:
    """The errors without those that only follow from another: a misspelt key is also reported as missing, and
    a list with wrong entries as empty."""
    misspelt = {
        (details["loc"][:-1], near)
        for details in errors
        if details["type"] == "extra_forbidden"
        for near in _nearest(str(details["loc"][-1]), _keys_at(model, details["loc"][:-1]))
    }
    for details in errors:
        place = details["loc"]
        if details["type"] == "missing" and (place[:-1], place[-1]) in misspelt:
            continue
        if details["type"] == "too_short" and any(
            other["loc"][: len(place)] == place and len(other["loc"]) > len(place) for other in errors
        ):
            continue
        yield details


def _step(node: yaml.Node, step: int | str) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            if str(key.value) == str(step):
                return child, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child = node.value[step]
        return child, child.start_mark.line + 1
    return None


def _keys_at(model: type[BaseModel], place: Place) -> list[str]:
    here: type[BaseModel] | None = model
    for step in place:
        if here is None or not isinstance(step, str):
            continue
        field = here.model_fields.get(step)
        # a step that is not a field is a key in a mapping of blocks
        here = _model_in(field.annotation) if field is not None else here
    return list(here.model_fields) if here is not None else []


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    for part in typing.get_args(annotation):
        found = _model_in(part)
        if found is not None:
            return found
    return None


def _nearest(word: str, known: list[str]) -> list[str]:
    return difflib.get_close_matches(word, known, n=1, cutoff=0.5)


def _meant(word: str, known: list[str]) -> str:
    near = _nearest(word, known)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"there are: {', '.join(known)}" if known else ""


_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
    "multiple_of": ("a multiple of", "multiple_of"),
}
_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "path": "a path",
    "tuple": "a list (each entry begins with `- `)",
    "list": "a list (each entry begins with `- `)",
    "model": "a block of keys",
    "dict": "a block of keys",
}


def _wording(details: ErrorDetails) -> tuple[str, str]:
    """The problem and what to write instead, in words for an operator."""
    name = _name(details["loc"])
    shown = _shown(details["input"])
    context: Mapping[str, object] = details.get("ctx") or {}
    kind = details["type"]
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return f"{name} must be {words} {context[bound]}, not {shown}", ""
    if kind == "literal_error":
        known = [word.strip("' ") for word in str(context["expected"]).replace(" or ", ", ").split(",")]
        return f"{name} cannot be {shown}", _meant(str(details["input"]), known)
    if kind == "string_too_short":
        return f"{name} is empty", "write something here"
    if kind == "string_type" and isinstance(details["input"], int | float):
        return f"{name} must be text, not the number {shown}", f'put it in quotes: "{details["input"]}"'
    if kind == "too_short":
        return f"{name} is empty", "write at least one entry"
    if kind == "too_long":
        return f"{name} has too many entries", f"{context['max_length']} are the most"
    wanted = _TYPES.get(kind.split("_")[0])
    if wanted is not None:
        return f"{name} must be {wanted}, not {shown}", ""
    if "remedy" in context:
        # our own checks bring their message and remedy
        return details["msg"], str(context["remedy"])
    return f"{name}: {details['msg']}", ""


def _name(place: Place) -> str:
    keys = [step for step in place if isinstance(step, str)]
    if place and isinstance(place[-1], int) and keys:
        return f"entry {place[-1] + 1} of `{keys[-1]}`"
    return f"`{keys[-1]}`" if keys else "the file"


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a block of keys"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    short = text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
    return f"`{short}`"
