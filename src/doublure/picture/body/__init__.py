"""The takes: real footage of the host."""
