"""Tests of air."""
