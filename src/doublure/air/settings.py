"""Settings of the outputs, the picture and its encoding."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from doublure.media import Size
from doublure.settings import LEAST_KBPS_PER_MEGAPIXEL, Settings


class SinkSettings(Settings):
    """One output."""

    engine: str = Field("rtmp", description="sink engine: rtmp, file, flv, null, or an installed one")
    name: str = Field("", description="name shown to the operator; empty: engine and number")
    url: str = Field("", description="address with the stream key, for rtmp")
    path: Path | None = Field(None, description="file to record to (fragmented MP4), for file")


class PictureSettings(Settings):
    """The picture and its encoding; one encode serves every sink."""

    width_pixels: int = Field(720, ge=240, le=2160, multiple_of=2, description="width of the picture")
    height_pixels: int = Field(1280, ge=240, le=3840, multiple_of=2, description="height of the picture")
    video_kbps: int = Field(
        2500,
        ge=200,
        le=20000,
        validate_default=True,
        description="video bit rate, kilobits a second; at least 500 for each million pixels of the picture",
    )
    audio_kbps: int = Field(128, ge=48, le=320, description="audio bit rate, kilobits a second")
    keyframe_seconds: float = Field(2.0, ge=0.4, le=10, description="seconds between keyframes")
    preset: Literal["ultrafast", "superfast", "veryfast", "faster"] = Field(
        "superfast", description="x264 preset: faster presets cost fewer cores and more bits"
    )

    @field_validator("video_kbps")
    @classmethod
    def _label_survives(cls, value: int, known: ValidationInfo) -> int:
        wide, high = known.data.get("width_pixels", 0), known.data.get("height_pixels", 0)
        least = math.ceil(LEAST_KBPS_PER_MEGAPIXEL * wide * high / 1e6)
        if value < least:
            raise PydanticCustomError(
                "bit_rate",
                "{value} kbit/s are too few for {wide}x{high}: the AI label would not survive",
                {"value": value, "wide": wide, "high": high, "remedy": f"the least is {least}"},
            )
        return value

    @property
    def size(self) -> Size:
        return Size(self.width_pixels, self.height_pixels)
