"""What an operator may send: checked and cleaned once, for the forms and for the API alike."""

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
    """One line: control and formatting characters out (they can turn the reading order round),
    white space as single blanks. Joiners stay: emoji are made with them."""
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
    """A comment typed as a viewer's."""

    author: Annotated[str, Cleaned] = Field("", max_length=NAME_CHARACTERS, description="viewer's name")
    text: Annotated[str, Cleaned] = Field(
        min_length=1, max_length=COMMENT_CHARACTERS, description="the comment"
    )


class LineEntry(_Entry):
    """A line that the host is to say."""

    text: Annotated[str, Cleaned] = Field(
        min_length=1, max_length=LINE_CHARACTERS, description="said word for word"
    )


class SkipEntry(_Entry):
    """Which product the operator saw on air; without it, whichever is on air is left."""

    product: str | None = Field(None, max_length=100)


class PushEntry(_Entry):
    """An RTMP address to send the picture to."""

    url: Annotated[str, Cleaned] = Field(
        min_length=1, max_length=ADDRESS_CHARACTERS, description="rtmp:// or rtmps:// address"
    )
    key: Annotated[str, Cleaned] = Field(
        "", max_length=ADDRESS_CHARACTERS, description="stream key, joined to the address by '/'; empty: none"
    )

    @field_validator("url")
    @classmethod
    def _is_rtmp(cls, url: str) -> str:
        # the key may come apart; the whole address is checked by the room
        try:
            parse_rtmp_server(url)
        except AddressError as error:
            raise PydanticCustomError("address", "it looks like rtmp://server/app") from error
        return url

    @property
    def address(self) -> str:
        """The whole address."""
        return with_key(self.url, self.key) if self.key else self.url


class OutputEntry(_Entry):
    """The output to remove."""

    name: Annotated[str, Cleaned] = Field(min_length=1, max_length=200, description="its name in the list")


def explain(error: ValidationError, words: Words) -> str:
    """What is wrong with an entry, for the operator."""
    first = error.errors()[0]
    if first["type"] in ("string_too_short", "missing"):
        return words("wrong_empty")
    if first["type"] == "string_too_long":
        return words("wrong_too_long", limit=first["ctx"]["max_length"])
    if first["type"] == "address":
        return words("wrong_address")
    return words("wrong_form")
