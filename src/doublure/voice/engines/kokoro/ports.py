"""Names of Kokoro's inputs and outputs that the rewriting adds, and the version of the rewriting."""

DURATIONS = "/encoder/Clip_output_0"
"""The graph's tensor of frames per token, float32 [1, tokens]; becomes an output."""
PITCH = "pitch"
"""The input that multiplies the predicted pitch, float32 [1]."""
CHANGES = 1
"""Raise it with each change of the rewriting, so that a model kept on disk is written anew."""
