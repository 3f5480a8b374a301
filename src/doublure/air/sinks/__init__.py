"""Sinks: where the packets go."""
