"""Tests of voice/engines."""
