"""Tests of air/formats."""
