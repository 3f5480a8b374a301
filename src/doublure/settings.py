"""Settings: what all blocks share, and what belongs to the machine and comes from the environment. A room's
file is read by `show.settings`, from the blocks of every package. The unit of a number stands in its name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from doublure.errors import SettingsError

LEAST_KBPS_PER_MEGAPIXEL = 500
"""Under half of this the AI label was lost in decoded pictures of the demo's host (1080x1920 at 200 kbit/s,
360x640 at 115)."""


class Settings(BaseModel):
    """What every block of settings is: frozen, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MachineSettings(BaseSettings):
    """What belongs to the machine and not to a room: environment variables `DOUBLURE_...`."""

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
        """The keys of other machines that seal journals, one by one."""
        return tuple(key.strip().lower() for key in self.journal_keys.split(",") if key.strip())

    @property
    def trusted(self) -> tuple[str, ...]:
        """The trusted keys, one by one."""
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
