"""Settings of a chat."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from doublure.settings import Settings


class ChatSettings(Settings):
    """Settings of one source of comments."""

    engine: str = Field("console", description="chat engine: console (the page's box), replay (a file)")
    file: Path | None = Field(None, description="file of comments, for replay")
