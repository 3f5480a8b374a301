"""Tests of voice/phones."""
