"""Settings of the judge and of the writer."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from doublure.settings import Settings


class WriterSettings(Settings):
    """The writer of sentences that are not in a script."""

    engine: str = Field(
        "templates", description="writer: templates (from the catalogue), openai (any compatible address)"
    )
    base_url: str = Field("", description="address of the language model, for openai; empty: off")
    model: str = Field("", description="model name, for openai")
    key_variable: str = Field(
        "DOUBLURE_LLM_KEY", description="environment variable that holds the model's key"
    )
    timeout_seconds: float = Field(
        8.0, gt=0, description="longest wait for the model before the templates answer"
    )


class JudgeSettings(Settings):
    """Which comments are answered."""

    waiting_comments: int = Field(
        50, ge=1, le=1000, description="comments kept waiting; the oldest is dropped"
    )
    expire_seconds: float = Field(
        90.0, gt=0, description="a comment older than this is not answered any more"
    )
    repeat_seconds: float = Field(60.0, ge=0, description="like comments within this time are one")
    gap_seconds: float = Field(6.0, ge=0, description="shortest time between two answers")
    words: Path | None = Field(None, description="further banned words, one a line")
