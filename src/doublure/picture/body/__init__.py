"""The takes: real pictures of the host."""
