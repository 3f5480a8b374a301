"""Arms and hands: computes bone rotations from the place of a wrist and the pose of a hand.

Everything is in the chest's frame at rest (decimetres; x to the presenter's left, y up, z to the front), so
hands sway with the body. The two arm bones reach a point by the law of cosines; a hint vector places the
elbow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from actor.figure import Figure
from actor.meshes import Floats

CURLS = (62.0, 82.0, 55.0)
"""Degrees of a finger's three joints at curl 1."""
THUMB_CURLS = (18.0, 32.0, 45.0)
THUMB_OPENS = (34.0, 10.0, 6.0)
"""Degrees of the thumb's joints at curl -1: it opens at its root, away from the fingers."""
TWIST_OF_FOREARM = 0.6
"""Share of the hand's twist taken by the forearm, so that the wrist mesh does not wring."""
STRAIGHTENED = 0.85
"""Share of their curl at rest that fingers lose at curl 0."""
RAISED = 9.0
"""Degrees the collarbone rises for a hand at `HIGH`; 0 below `LOW`."""
LOW, HIGH = -1.2, 1.0
"""Heights of the wrist above the shoulder, decimetres of the reference body."""
MEASURED = (4.21, 0.20)
"""Height and depth of the shoulders of the reference body, to which hands refer, decimetres."""
MEASURED_ARM = 4.351
"""Its arm length, shoulder to wrist, decimetres."""
REACH = 0.985
"""An arm is stretched to at most this share of its length."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Pose of one hand."""

    wrist: tuple[float, float, float]
    fingers: tuple[float, float, float]
    """Direction of the fingers."""
    palm: tuple[float, float, float]
    """Direction the palm faces."""
    curls: tuple[float, float, float, float, float] = (0.15, 0.18, 0.22, 0.26, 0.30)
    """Thumb to little finger: 0 straight, 1 closed."""
    spread: float = 0.0
    """Degrees between neighbouring fingers."""
    elbow: tuple[float, float, float] = (0.75, -0.9, -0.45)
    """Direction of the elbow; x points outwards on both sides."""

    def mirrored(self) -> Hand:
        """The same pose for the other hand."""
        x, y, z = self.wrist
        a, b, c = self.fingers
        d, e, f = self.palm
        return Hand((-x, y, z), (-a, b, c), (-d, e, f), self.curls, self.spread, self.elbow)


@dataclass(frozen=True, slots=True)
class Held:
    """Pose of a hand as numbers that can be interpolated."""

    wrist: Floats
    turn: Rotation
    """Rotation from the hand at rest."""
    curls: Floats
    spread: float
    elbow: Floats


class Arm:
    """One arm of a figure."""

    def __init__(self, figure: Figure, side: str) -> None:
        def head(name: str) -> Floats:
            return figure.bones[figure.index[f"{name}.{side}"]].head

        self._side = side
        self._out = 1.0 if side == "L" else -1.0
        self._collar, self._wrist = head("clavicle"), head("wrist")
        self._shoulder, self._elbow = head("upperarm01"), head("lowerarm01")
        self._upper = float(np.linalg.norm(self._elbow - self._shoulder))
        self._lower = float(np.linalg.norm(self._wrist - self._elbow))
        self._size = (self._upper + self._lower) / MEASURED_ARM
        self._bend = _frame(self._elbow - self._shoulder, self._wrist - self._elbow)
        self._fore = _frame(self._wrist - self._elbow, self._elbow - self._shoulder)
        knuckle, tip = head("finger3-1"), figure.bones[figure.index[f"finger3-3.{side}"]].tail
        along = knuckle - self._wrist
        across = head("finger2-1") - head("finger5-1")
        palm = np.cross(along, across)
        # fingers at rest curl a little towards the palm, which tells its side
        self._palm = _unit(palm * np.sign(palm @ (tip - knuckle - along * 0.5)))
        self._hand = _frame(along, self._palm)
        self._little = _unit(-across)
        self._fingers = self._joints(figure)
        self._bent = [self._curls(joints) for joints in self._fingers]
        self._closing = [self._astray(joints[0][1]) for joints in self._fingers]

    def held(self, hand: Hand) -> Held:
        """A hand pose as numbers that can be interpolated."""
        turn = _frame(np.array(hand.fingers), np.array(hand.palm)) @ self._hand.T
        elbow = np.array(hand.elbow) * (self._out, 1.0, 1.0)
        return Held(
            self._at(hand.wrist), Rotation.from_matrix(turn), np.array(hand.curls), hand.spread, elbow
        )

    def _at(self, wrist: tuple[float, float, float]) -> Floats:
        """A place on the reference body, mapped to this one."""
        shoulders = np.array([0.0, *self._shoulder[1:]])
        # x is not scaled: the picture does not get wider with a longer arm
        return np.asarray(shoulders + (1.0, self._size, self._size) * (np.array(wrist) - (0.0, *MEASURED)))

    def bones(self, held: Held) -> dict[str, Floats]:
        """Rotations of the bones of arm and hand."""
        collar = _about(
            np.array([0.0, 0.0, self._out]),
            np.deg2rad(RAISED) * _risen((held.wrist[1] - self._shoulder[1]) / self._size),
        )
        shoulder = self._collar + collar @ (self._shoulder - self._collar)
        wrist, elbow = self._reach(shoulder, held.wrist, held.elbow)
        upper = _frame(elbow - shoulder, wrist - elbow) @ self._bend.T
        lower = _frame(wrist - elbow, elbow - shoulder) @ self._fore.T
        relative = lower.T @ held.turn.as_matrix()
        axis = _unit(self._wrist - self._elbow)
        part = _about(axis, TWIST_OF_FOREARM * _twist(relative, axis))
        turns = {
            "clavicle": collar,
            "upperarm01": collar.T @ upper,
            "lowerarm01": upper.T @ lower,
            "lowerarm02": part,
            "wrist": part.T @ relative,
        }
        found = {f"{name}.{self._side}": turn for name, turn in turns.items()}
        return found | self._curled(held)

    def _reach(self, shoulder: Floats, wrist: Floats, hint: Floats) -> tuple[Floats, Floats]:
        """Places of wrist and elbow; a wrist out of reach is pulled in."""
        away = wrist - shoulder
        far = min(float(np.linalg.norm(away)), REACH * (self._upper + self._lower))
        ahead = _unit(away)
        along = (far**2 + self._upper**2 - self._lower**2) / (2 * far)
        aside = np.sqrt(max(self._upper**2 - along**2, 1e-6))
        down = _unit(hint - (hint @ ahead) * ahead)
        return shoulder + ahead * far, shoulder + ahead * along + down * aside

    def _joints(self, figure: Figure) -> list[list[tuple[str, Floats]]]:
        """Per finger, thumb first: names and directions of its bones."""
        found = []
        for finger in range(1, 6):
            names = [f"finger{finger}-{joint}.{self._side}" for joint in (1, 2, 3)]
            bones = [figure.bones[figure.index[name]] for name in names]
            found.append([(bone.name, _unit(bone.tail - bone.head)) for bone in bones])
        return found

    def _curled(self, held: Held) -> dict[str, Floats]:
        turns: dict[str, Floats] = {}
        for number, joints in enumerate(self._fingers):
            thumb = number == 0
            opens = thumb and held.curls[number] < 0
            towards = _unit(0.55 * self._palm + 0.85 * self._little) if thumb else self._palm
            towards = self._little if opens else towards
            for joint, (name, along) in enumerate(joints):
                full = THUMB_OPENS if opens else THUMB_CURLS if thumb else CURLS
                degrees = full[joint] * held.curls[number]
                degrees -= 0.0 if thumb else STRAIGHTENED * self._bent[number][joint]
                turn = _about(_unit(np.cross(along, towards)), np.deg2rad(degrees))
                if joint == 0 and not thumb:
                    aside = np.deg2rad(held.spread) * (number - 2.5) - self._closing[number]
                    turn = _about(self._palm, self._sense() * aside) @ turn
                turns[name] = turn
        return turns

    def _curls(self, joints: list[tuple[str, Floats]]) -> list[float]:
        """Degrees each joint of a finger bends towards the palm at rest."""
        found = []
        before = self._hand[:, 0]
        for _, along in joints:
            found.append(
                float(np.rad2deg(np.arcsin(np.clip((along - before * (along @ before)) @ self._palm, -1, 1))))
            )
            before = along
        return found

    def _astray(self, along: Floats) -> float:
        """Angle of a finger at rest to the hand, towards the little finger, radians."""
        flat = _unit(along - (along @ self._palm) * self._palm)
        middle = self._hand[:, 0] - (self._hand[:, 0] @ self._palm) * self._palm
        return float(
            np.arcsin(np.clip(np.cross(_unit(middle), flat) @ self._palm * self._sense(), -1.0, 1.0))
        )

    def _sense(self) -> float:
        """Sign of the rotation about the palm that spreads fingers towards the little one."""
        turned = np.cross(self._palm, self._hand[:, 0])
        return float(np.sign(turned @ self._little))


def mixed(first: Held, second: Held, share: float) -> Held:
    """Interpolate two hands: `share` 0 is the first, 1 the second; slightly outside is overshoot."""
    turns = Rotation.concatenate([first.turn, second.turn])
    turn = Slerp([0.0, 1.0], turns)(float(np.clip(share, 0.0, 1.0)))
    return Held(
        first.wrist + (second.wrist - first.wrist) * share,
        turn,
        np.clip(first.curls + (second.curls - first.curls) * share, -1.0, 1.15),
        first.spread + (second.spread - first.spread) * share,
        first.elbow + (second.elbow - first.elbow) * share,
    )


def posed(figure: Figure, hands: Mapping[str, Hand]) -> dict[str, Floats]:
    """Bone rotations for hands by side (L, R), for stills."""
    turns: dict[str, Floats] = {}
    for side, hand in hands.items():
        arm = Arm(figure, side)
        turns |= arm.bones(arm.held(hand))
    return turns


def _frame(first: Floats, second: Floats) -> Floats:
    """A rotation matrix with columns along `first`, as near to `second` as possible, and across both."""
    x = _unit(first)
    y = _unit(second - (second @ x) * x)
    return np.stack([x, y, np.cross(x, y)], 1)


def _risen(height: float) -> float:
    """How far the shoulder follows a hand at `height` above it, 0..1, smoothly."""
    share = float(np.clip((height - LOW) / (HIGH - LOW), 0.0, 1.0))
    return share * share * (3.0 - 2.0 * share)


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9))


def _about(axis: Floats, angle: float) -> Floats:
    return np.asarray(Rotation.from_rotvec(axis * angle).as_matrix())


def _twist(turn: Floats, axis: Floats) -> float:
    """Twist angle of a rotation about an axis (swing-twist decomposition)."""
    quaternion = Rotation.from_matrix(turn).as_quat()
    return float(2 * np.arctan2(quaternion[:3] @ axis, quaternion[3]) + np.pi) % (2 * np.pi) - np.pi
