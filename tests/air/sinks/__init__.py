"""Tests of air/sinks."""
