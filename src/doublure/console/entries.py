"""Operator input, validated and cleaned once for both the forms and the API."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from doublure.address import AddressError, parse_rtmp_server, with_key
from doublure.console.words import Words

NAME_CHARACTERS = 40
COMMENT_CHARACTERS = 500
LINE_CHARACTERS = 1_000
ADDRESS_CHARACTERS = 2_000


def _clean(text: object) -> object:
    """The text as one line: control and formatting characters removed (they can reverse the reading order),
    white space collapsed to single blanks. Zero-width joiners stay, because emoji need them."""
    if not isinstance(text, str):
        return text
    kept = "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or char == "\u200d" or unicodedata.category(char) not in ("Cc", "Cf", "Cs")
    )
    return " ".join(kept.split())


Cleaned = BeforeValidator(_clean)


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CommentEntry(_Entry):
    """A comment that the operator enters on behalf of a viewer."""

    author: Annotated[str, Cleaned] = Field("", max_length=NAME_CHARACTERS, description="viewer's name")
    text: Annotated[str, Cleaned] = Field(
        min_length=1, max_length=COMMENT_CHARACTERS, description="the comment"
    )


class LineEntry(_Entry):
    """A line for the host to say."""

    text: Annotated[str, Cleaned] = Field(
        min_length=1, max_length=LINE_CHARACTERS, description="said word for word"
    )


class SkipEntry(_Entry):
    """The product that the operator saw on air; None skips whichever is on air."""

    product: str | None = Field(None, max_length=100)


class PushEntry(_Entry):
    """An RTMP address to stream to."""

    url: Annotated[str, Cleaned] = Field(
        min_length=1, max_length=ADDRESS_CHARACTERS, description="rtmp:// or rtmps:// address"
    )
    key: Annotated[str, Cleaned] = Field(
        "", max_length=ADDRESS_CHARACTERS, description="stream key, joined to the address by '/'; empty: none"
    )

    @field_validator("url")
    @classmethod
    def _is_rtmp(cls, url: str) -> str:
        # the key may come separately; the room checks the whole address
        try:
            parse_rtmp_server(url)
        except AddressError as error:
            raise PydanticCustomError("address", "the address must look like rtmp://server/app") from error
        return url

    @property
    def address(self) -> str:
        """The address with its key."""
        return with_key(self.url, self.key) if self.key else self.url


class OutputEntry(_Entry):
    """The output to remove."""

    name: Annotated[str, Cleaned] = Field(min_length=1, max_length=200, description="its name in the list")


def explain(error: ValidationError, words: Words) -> str:
    """The first error of an entry, in the operator's language."""
    first = error.errors()[0]
    if first["type"] in ("string_too_short", "missing"):
        return words("wrong_empty")
    if first["type"] == "string_too_long":
        return words("wrong_too_long", limit=first["ctx"]["max_length"])
    if first["type"] == "address":
        return words("wrong_address")
    return words("wrong_form")
