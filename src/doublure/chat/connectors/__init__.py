"""Chat engines: where comments come from."""
