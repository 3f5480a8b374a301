"""The base class of all settings, and the machine's settings, which come from the environment.

`show.settings` reads a room's file, made of the settings of every package. A number's name says its unit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from doublure.errors import SettingsError

LEAST_KBPS_PER_MEGAPIXEL = 500
"""Below half of this, the AI label was lost in decoded pictures of the demo's host (1080x1920 at
200 kbit/s, 360x640 at 115)."""


class Settings(BaseModel):
    """Base class of every block of settings: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MachineSettings(BaseSettings):
    """Settings of the machine, not of a room: environment variables `DOUBLURE_...`."""

    model_config = SettingsConfigDict(env_prefix="DOUBLURE_", frozen=True, extra="ignore")

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="log lines from this level on: debug, info, warning, error"
    )
    cache_folder: Path = Field(
        Path("~/.cache/doublure"),
        description="kept copies (the rewritten voice model, takes at a room's size); the installed demo's store",
    )
    state_folder: Path = Field(
        Path("~/.local/state/doublure"),
        description="what the machine must not forget: revoked consents, the key that signs journals",
    )
    console_host: str = Field(
        "127.0.0.1", description="address the console listens on; any but loopback needs a password"
    )
    console_port: int = Field(8000, ge=1, le=65535, description="port the console listens on")
    console_password: str = Field("", description="password of the console; empty: none, loopback only")
    trusted_keys: str = Field(
        "",
        description="public keys (hex, with commas between) that may sign consents; empty: only scope local",
    )
    journal_keys: str = Field(
        "",
        description="public keys (hex, with commas between) of other machines that seal the same journal",
    )

    @property
    def known_journals(self) -> tuple[str, ...]:
        """The keys of other machines that seal journals, as a tuple."""
        return tuple(key.strip().lower() for key in self.journal_keys.split(",") if key.strip())

    @property
    def trusted(self) -> tuple[str, ...]:
        """The trusted keys, as a tuple."""
        return tuple(key.strip() for key in self.trusted_keys.split(",") if key.strip())


def load_machine() -> MachineSettings:
    """The machine's settings from the environment. Raises `SettingsError`."""
    try:
        return MachineSettings()
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(
            first["msg"],
            where=f"DOUBLURE_{str(first['loc'][0]).upper()}",
            remedy="correct or unset this environment variable",
        ) from error
