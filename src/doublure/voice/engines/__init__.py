"""The engines of voices."""
