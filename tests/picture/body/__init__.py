"""Tests of picture/body."""
