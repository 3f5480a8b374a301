"""Settings of the face."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from doublure.settings import Settings


class FaceSettings(Settings):
    """The face on air: its engine, persona and consent."""

    engine: str = Field(
        "patch", description="face engine: patch (a persona), card (no persona), or an installed one"
    )
    persona: Path | None = Field(None, description="persona folder; needed by patch")
    consent: Path | None = Field(
        None, description="consent file of the host; needed with a persona and with a cloned voice"
    )
