"""The mouth: its movement computed from speech, and its rendering from the host's footage."""
