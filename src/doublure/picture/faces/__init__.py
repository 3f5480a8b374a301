"""The face engines."""
