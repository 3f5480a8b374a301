"""Tests of conversation/writers."""
