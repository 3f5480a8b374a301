"""Who the presenters are: mixtures of six bases that are nobody, what they wear, how they are lit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Colour = tuple[float, float, float]
"""Linear light, 0..1 each."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that is worn or set in: clothes, hair, brows, lashes, eyes, teeth, tongue."""

    name: str
    material: str
    """The branch of the shader: cloth, hair, brow, lash, eye, teeth, tongue."""
    file: str
    """Proxy, from the folder of proxies, without its ending."""
    texture: str
    """Its picture, from the folder of proxies."""
    tint: Colour = (1.0, 1.0, 1.0)
    smooth: bool = False
    """Subdivided once."""


@dataclass(frozen=True, slots=True)
class Looks:
    """One presenter."""

    name: str
    shape: Mapping[str, float]
    """Weights of morphs, by their files under `targets`."""
    expression: Mapping[str, float]
    """Which bases' expression units are mixed."""
    skin: str
    complexion: Colour
    lips: Colour
    pieces: tuple[Piece, ...]
    hair: Colour
    room: str


def _set(
    name: str, kind: str, file: str, texture: str, tint: Colour = (1.0, 1.0, 1.0), smooth: bool = False
) -> Piece:
    return Piece(name, kind, f"{file}", texture, tint, smooth)


def _face(eyes: str, brows: str, hair: str, colour: Colour) -> tuple[Piece, ...]:
    return (
        _set("teeth", "teeth", "teeth/teeth_base/teeth_base", "teeth/teeth_base/teeth.png"),
        _set(
            "tongue",
            "tongue",
            "tongue/tongue01/tongue01",
            "tongue/tongue01/tongue01_diffuse.png",
            smooth=True,
        ),
        _set("eyes", "eye", "eyes/high-poly/high-poly", f"eyes/high-poly/{eyes}_eye.png"),
        _set("brows", "brow", f"eyebrows/{brows}/{brows}", f"eyebrows/{brows}/{brows}.png", colour),
        _set("lashes", "lash", "eyelashes/eyelashes02/eyelashes02", "eyelashes/eyelashes02/eyelashes02.png"),
        _set("hair", "hair", f"hair/{hair}/{hair}", f"hair/{hair}/{hair}_diffuse.png", colour),
    )


WOMAN = Looks(
    name="woman",
    shape={
        "macrodetails/caucasian-female-young": 0.40,
        "macrodetails/asian-female-young": 0.45,
        "macrodetails/african-female-young": 0.15,
        "macrodetails/universal-female-young-averagemuscle-averageweight": 1.0,
        "head/head-oval": 0.35,
        "chin/chin-width-decr": 0.15,
        "cheek/l-cheek-bones-incr": 0.25,
        "cheek/r-cheek-bones-incr": 0.25,
    },
    expression={"caucasian": 0.5, "asian": 0.5},
    skin="skins/young_asian_female/young_lightskinned_female_diffuse3.png",
    complexion=(1.0, 1.0, 1.0),
    lips=(0.62, 0.20, 0.20),
    pieces=(
        *_face("brown", "eyebrow001", "long01", (0.35, 0.24, 0.18)),
        _set(
            "clothes",
            "cloth",
            "clothes/female_elegantsuit01/female_elegantsuit01",
            "clothes/female_elegantsuit01/female_elegantsuit01_diffuse.png",
            smooth=True,
        ),
    ),
    hair=(0.10, 0.06, 0.04),
    room="boutique",
)

MAN = Looks(
    name="man",
    shape={
        "macrodetails/caucasian-male-young": 0.45,
        "macrodetails/asian-male-young": 0.40,
        "macrodetails/african-male-young": 0.15,
        "macrodetails/universal-male-young-averagemuscle-averageweight": 1.0,
        "head/head-rectangular": 0.2,
    },
    expression={"caucasian": 0.5, "asian": 0.5},
    skin="skins/young_asian_male/young_lightskinned_male_diffuse3.png",
    complexion=(1.0, 1.0, 1.0),
    lips=(0.50, 0.22, 0.20),
    pieces=(
        *_face("brownlight", "eyebrow006", "short04", (0.2, 0.15, 0.12)),
        _set(
            "clothes",
            "cloth",
            "clothes/male_casualsuit02/male_casualsuit02",
            "clothes/male_casualsuit02/male_casualsuit02_diffuse.png",
            smooth=True,
        ),
    ),
    hair=(0.06, 0.045, 0.035),
    room="workshop-modern",
)

PRESENTERS = {looks.name: looks for looks in (WOMAN, MAN)}
