"""Prometheus counters and gauges; the console serves them at `/metrics`."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

CHANNEL_DEPTH = Gauge(
    "doublure_channel_depth", "Frames, packets or clauses waiting in a channel", ["channel"]
)
CHANNEL_DROPPED = Counter(
    "doublure_channel_dropped_total", "Frames, packets or clauses a full channel lost", ["channel"]
)
LINES_READY = Gauge("doublure_script_lines_ready", "Lines of the rundown whose speech is made already")
FRAMES = Counter("doublure_frames_total", "Frames put on air")
LATE_PICTURES = Counter("doublure_late_pictures_total", "Frames that repeated the last picture")
STAGE_FAULTS = Counter("doublure_stage_faults_total", "Faults caught at a stage's boundary", ["stage"])
CUES = Counter("doublure_cues_total", "Cues by kind and fate", ["kind", "fate"])
COMMENTS = Counter("doublure_comments_total", "Comments by what the judge did", ["verdict"])
ANSWER_SECONDS = Histogram(
    "doublure_answer_seconds",
    "Question received to first word of the answer",
    buckets=(0.5, 1, 1.5, 2, 3, 4, 6, 10),
)
SINK_DROPPED_GOPS = Counter("doublure_sink_dropped_gops_total", "GOPs a slow sink lost", ["sink"])
SINK_RECONNECTS = Counter("doublure_sink_reconnects_total", "Reconnects of a sink", ["sink"])
SPEECH_CACHE = Counter("doublure_speech_cache_total", "Speech cache look-ups", ["result"])
VOICE_REPLACED = Counter("doublure_voice_replaced_total", "Times the embedded voice took over from another")
