"""Tests of voice/engines/kokoro."""
