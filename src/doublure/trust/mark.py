"""The implicit AI mark, which every stream and file carries."""

from __future__ import annotations

import json


def ai_mark(produce_id: str) -> str:
    """The implicit AI mark of GB 45438-2025, appendix E, as JSON. Label 1 means "is AI-generated". The first
    writer is both producer and propagator."""
    fields = {
        "Label": "1",
        "ContentProducer": "Doublure",
        "ProduceID": produce_id,
        "ReservedCode1": "",
        "ContentPropagator": "Doublure",
        "PropagateID": produce_id,
        "ReservedCode2": "",
    }
    return json.dumps(fields, separators=(",", ":"))
