"""Tests of picture/faces."""
