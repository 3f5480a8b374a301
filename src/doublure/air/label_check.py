"""Checks the AI label as viewers see it: on a keyframe after encoding and decoding.

The painter checks the picture before it is encoded. That does not show whether the label survives the
encoding: at a low bit rate, a detailed picture may blur it away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import av
import numpy as np

from doublure.errors import EngineError
from doublure.log import get_log
from doublure.media import TICKS, Packet, Picture, StreamHeader

LOOK_SECONDS = 4.0
"""Least time between two checks. One takes 13 ms of a core at 720x1280 and 16 ms at 1080x1920 (measured
under other load): 0.4 % of a core."""
CLEAR_LOOKS = 8
"""Consecutive checks that must find the label before it counts as back: about half a minute. The stand-by
picture hardly moves and needs few bits; without this wait, air would alternate between the two."""
FAULT = "the AI label does not survive the encoding (raise picture: video_kbps)"

log = get_log(__name__)


class LabelCheck:
    """Decodes a keyframe every few seconds. Synchronous; runs in the encoder's lane."""

    def __init__(self, header: StreamHeader, label_present: Callable[[Picture], bool]) -> None:
        """`label_present` is the overlay's check. Raises `EngineError` if there is no H.264 decoder."""
        self._label_present = label_present
        self._next = 0
        self._good = CLEAR_LOOKS
        try:
            self._decoder = av.CodecContext.create("h264", "r")
            self._decoder.extradata = header.avc_config
            self._decoder.thread_count = 1
            self._decoder.open()
        except (av.FFmpegError, ValueError) as error:
            raise EngineError(f"no H.264 decoder can be opened: {error}", where="picture") from error

    @property
    def fault(self) -> str:
        """Why air must show stand-by; "" while the label is found."""
        return "" if self._good >= CLEAR_LOOKS else FAULT

    def look(self, packets: Sequence[Packet]) -> None:
        """Check the first keyframe in the encoder's packets if a check is due. A keyframe that cannot be
        decoded counts as one without the label."""
        key = next((one for one in packets if one.kind == "video" and one.keyframe), None)
        if key is None or key.pts < self._next:
            return
        self._next = key.pts + round(LOOK_SECONDS * TICKS)
        if self._found(key):
            self._good = min(CLEAR_LOOKS, self._good + 1)
            return
        if not self.fault:
            log.error("%s", FAULT)
        self._good = 0

    def _found(self, key: Packet) -> bool:
        try:
            pictures = [*self._decoder.decode(av.Packet(key.payload)), *self._decoder.decode(None)]
        except (av.FFmpegError, ValueError) as error:
            log.warning("a keyframe cannot be decoded: %s", error)
            return False
        finally:
            self._decoder.flush_buffers()
        if not pictures:
            return False
        return self._label_present(np.ascontiguousarray(pictures[0].to_ndarray(format="yuv420p")))
