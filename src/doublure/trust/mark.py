"""The implicit AI mark that every stream and file carries."""

from __future__ import annotations

import json


def ai_mark(produce_id: str) -> str:
    """The implicit AI mark of GB 45438-2025, appendix E, as JSON: label 1 is "is AI-generated", and
    who first writes it is propagator as well as producer."""
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
