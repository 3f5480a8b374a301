"""The presenters: mixtures of six bases that depict nobody, their clothes, colours and rooms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from actor.mouth import Style

Colour = tuple[float, float, float]
"""Linear light, 0..1 each."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece added to the body: clothes, hair, brows, lashes, eyes, teeth, tongue."""

    name: str
    material: str
    """Branch of the shader: cloth, hair, brow, lash, eye, teeth, tongue."""
    file: str
    """Proxy file, relative to the folder of proxies, without suffix."""
    texture: str
    """Texture, relative to the folder of proxies."""
    tint: Colour = (1.0, 1.0, 1.0)
    """Factor on the texture; for lashes the first number is their thickness."""
    smooth: bool = False
    """Whether it is subdivided once."""
    relief: str = ""
    """Normal map, "" for none."""
    lower: float = 0.0
    """How far it is moved down from its place in the data, decimetres."""


@dataclass(frozen=True, slots=True)
class Looks:
    """One presenter."""

    name: str
    shape: Mapping[str, float]
    """Weights of morphs, by file under `targets`."""
    expression: Mapping[str, float]
    """Weights of the bases whose expression units are mixed."""
    skin: str
    complexion: Colour
    lips: Colour
    pieces: tuple[Piece, ...]
    hair: Colour
    style: Style
    """Habits of articulation."""
    room: str
    buttons: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 0.0)
    """Buttons of the clothes, at rest: x, height of the uppermost, spacing downwards (decimetres), and
    number."""
    hairline: float = 0.16
    """Width of the scalp around the hair that takes its colour, decimetres."""
    high: float = 9.4
    """Height of the picture at the presenter, decimetres."""


LOWER_TEETH = 0.04
"""In the data the upper teeth are hidden behind the lip, so talk would show only the lower ones."""


def _face(eyes: str, brows: str, hair: str, colour: Colour, lashes: float = 1.0) -> tuple[Piece, ...]:
    return (
        Piece(
            "teeth", "teeth", "teeth/teeth_base/teeth_base", "teeth/teeth_base/teeth.png", lower=LOWER_TEETH
        ),
        Piece(
            "tongue",
            "tongue",
            "tongue/tongue01/tongue01",
            "tongue/tongue01/tongue01_diffuse.png",
            smooth=True,
        ),
        Piece("eyes", "eye", "eyes/high-poly/high-poly", f"eyes/high-poly/{eyes}_eye.png"),
        Piece("brows", "brow", f"eyebrows/{brows}/{brows}", f"eyebrows/{brows}/{brows}.png", colour),
        Piece(
            "lashes",
            "lash",
            "eyelashes/eyelashes02/eyelashes02",
            "eyelashes/eyelashes02/eyelashes02.png",
            (lashes, 0.0, 0.0),
        ),
        Piece("hair", "hair", f"hair/{hair}/{hair}", f"hair/{hair}/{hair}_diffuse.png", colour, smooth=True),
    )


def _both(name: str, weight: float) -> dict[str, float]:
    """A morph for both the left and the right side."""
    return {name.format(side): weight for side in "lr"}


WOMAN = Looks(
    name="woman",
    shape={
        "macrodetails/caucasian-female-young": 0.48,
        "macrodetails/asian-female-young": 0.44,
        "macrodetails/african-female-young": 0.08,
        "head/head-oval": 0.45,
        "head/head-fat-decr": 0.35,
        "chin/chin-width-decr": 0.45,
        "chin/chin-height-decr": 0.15,
        **_both("cheek/{}-cheek-volume-decr", 0.30),
        **_both("cheek/{}-cheek-bones-incr", 0.30),
        **_both("eyes/{}-eye-scale-incr", 0.30),
        **_both("eyes/{}-eye-corner2-up", 0.15),
        "nose/nose-nostrils-width-decr": 0.45,
        "nose/nose-width2-decr": 0.35,
        "nose/nose-width3-decr": 0.45,
        "nose/nose-point-width-decr": 0.3,
        "mouth/mouth-scale-horiz-decr": 0.15,
        "mouth/mouth-angles-up": 0.35,
        "mouth/mouth-upperlip-volume-decr": 0.25,
    },
    expression={"caucasian": 0.5, "asian": 0.5},
    skin="skins/young_asian_female/young_lightskinned_female_diffuse3.png",
    complexion=(1.04, 0.97, 0.98),
    lips=(0.50, 0.13, 0.14),
    pieces=(
        *_face("brown", "eyebrow001", "long01", (0.040, 0.026, 0.020)),
        Piece(
            "clothes",
            "cloth",
            "clothes/female_elegantsuit01/female_elegantsuit01",
            "clothes/female_elegantsuit01/female_elegantsuit01_ao.png",
            (0.020, 0.105, 0.120),
            smooth=True,
            relief="clothes/female_elegantsuit01/female_elegantsuit01_normal.png",
        ),
    ),
    hair=(0.020, 0.013, 0.010),
    buttons=(0.09, 3.35, 0.62, 5.0),
    style=Style(strength=1.15, smile_rest=0.46, smile_talk=0.56),
    room="boutique",
)

MAN = Looks(
    name="man",
    shape={
        "macrodetails/caucasian-male-young": 0.45,
        "macrodetails/asian-male-young": 0.40,
        "macrodetails/african-male-young": 0.15,
        "head/head-rectangular": 0.25,
        "chin/chin-prominent-incr": 0.2,
        "mouth/mouth-angles-up": 0.25,
        "nose/nose-nostrils-width-decr": 0.3,
    },
    expression={"caucasian": 0.5, "asian": 0.5},
    skin="skins/young_asian_male/young_lightskinned_male_diffuse3.png",
    complexion=(0.95, 0.87, 0.86),
    lips=(0.33, 0.135, 0.115),
    pieces=(
        *_face("brown", "eyebrow001", "short04", (0.030, 0.021, 0.016), lashes=0.5),
        Piece(
            "clothes",
            "cloth",
            "clothes/male_elegantsuit01/male_elegantsuit01",
            "clothes/male_elegantsuit01/male_elegantsuit01_diffuse.png",
            (1.6, 1.8, 2.3),
            smooth=True,
        ),
    ),
    hair=(0.018, 0.013, 0.010),
    style=Style(strength=1.05, smile_rest=0.22, smile_talk=0.32),
    room="workshop-modern",
    hairline=0.07,
    high=10.0,
)

PRESENTERS = {looks.name: looks for looks in (WOMAN, MAN)}
