"""Retrains how a persona's mouth follows the sound, from other footage of the same host.

    python -m training.relearn demo/personas/woman FOOTAGE

For the demo's hosts, when the speech encoder (`speech.onnx`) or the generic mouth has changed. Their takes
and textures stay unchanged, and footage of the head alone is enough (`actor/README.md`). The skull of the
footage is aligned to the persona's by nose and cheeks. Real hosts are enrolled again, with the consent that
this needs.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from doublure.enrol.face_track import measure, placed_points
from doublure.enrol.learn_mouth import learn
from doublure.enrol.scan import watch
from doublure.picture.mouth import articulation
from doublure.picture.mouth.geometry import CHEEK_PLACES, MOVING, NOSE_PLACES, Points, Pose, fit_pose
from doublure.picture.mouth.track import FaceTrack, load_track
from doublure.trust import consent, persona

STILL = np.r_[CHEEK_PLACES, NOSE_PLACES]
"""Indices into `CONTROL` of the points that speech moves least."""


def main() -> None:
    """Train and save; prints the distance between the two skulls."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("persona", type=Path)
    parser.add_argument("footage", type=Path)
    order = parser.parse_args()
    folder: Path = order.persona
    given = consent.load(folder.with_name(f"{folder.name}.consent.json"), today=datetime.now(UTC).date())
    host = persona.load(folder, given)
    known, before = load_track(host), articulation.load(folder / persona.ARTICULATION)
    watched = watch(order.footage, lambda *_: None)
    face, _ = measure(watched.tracked, watched.talking, {}, watched.shape.size)
    theirs, own = _placed(face), _placed(known)
    shown = np.unique(np.concatenate([known.texture_frames, *known.takes.values()]))
    laid = fit_pose(theirs[:, STILL].mean(axis=0), own[shown][:, STILL].mean(axis=0))
    away = laid.place(theirs[:, STILL].mean(axis=0)) - own[shown][:, STILL].mean(axis=0)
    print(f"the skulls are {100 * np.linalg.norm(away, axis=1).mean():.2f} % of the eye distance apart")
    shapes = known.shape.shapes(laid.place(theirs)[:, MOVING])
    shapes[watched.spoilt] = np.nan
    learnt = learn(watched.pcm, shapes, known.shape, before.rest.astype(np.float64))
    articulation.save(folder / persona.ARTICULATION, learnt)
    files = host.manifest.files | persona.fingerprints(folder, [persona.ARTICULATION])
    manifest = host.manifest.model_copy(update={"files": files})
    (folder / persona.MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _placed(face: FaceTrack) -> Points:
    poses = [Pose(float(a), b, c) for a, b, c in zip(face.scale, face.rotation, face.shift, strict=True)]
    return placed_points(poses, face.control)


if __name__ == "__main__":
    main()
