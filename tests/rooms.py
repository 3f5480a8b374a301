"""A small real room for tests: tone voice, card face, small picture, its own catalogue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio

from doublure.show.room import Room
from doublure.show.settings import RoomSettings, load_room
from doublure.views import RoomView

CATALOG = """\
shop: Test Shop
language: en
products:
  - id: cup
    name: Travel Cup
    price: $19.90
    was: $25.00
    link: 1
    stock: 12
    facts:
      volume: 500 ml
      material: stainless steel
    questions:
      - asks: ["Does it leak?", "Is the lid tight?"]
        answer: No, the lid has a silicone ring and stays tight.
  - id: lamp
    name: Desk Lamp
    price: $39.00
    link: 2
    facts:
      power: 9 watts
"""
RUNDOWN = """\
slots:
  - product: cup
    lines:
      - This cup keeps tea warm.
      - It holds 500 ml.
      - Made of stainless steel.
  - product: lamp
    lines:
      - Now look at this lamp.
      - It needs only 9 watts.
"""
ROOM = """\
room: test
language: en
catalog: catalog.yaml
rundown: rundown.yaml
folder: room
voice: {engine: tone}
face: {engine: card}
picture: {width_pixels: 360, height_pixels: 640, video_kbps: 500}
judge: {gap_seconds: 0}
"""


def write_room(folder: Path, extra: str = "", *, catalog: str = CATALOG, rundown: str = RUNDOWN) -> Path:
    """Write the room's files; returns the room file."""
    (folder / "catalog.yaml").write_text(catalog, encoding="utf-8")
    (folder / "rundown.yaml").write_text(rundown, encoding="utf-8")
    file = folder / "room.yaml"
    file.write_text(ROOM + extra, encoding="utf-8")
    return file


def small_room(folder: Path, extra: str = "") -> RoomSettings:
    """Settings of a room in `folder`."""
    return load_room(write_room(folder, extra))


async def until(room: Room, true: Callable[[RoomView], object], seconds: float = 20.0) -> RoomView:
    """Wait for a view for which `true` holds; fails after `seconds`."""
    with anyio.fail_after(seconds):
        while True:
            view = room.view()
            if true(view):
                return view
            await anyio.sleep(0.05)
