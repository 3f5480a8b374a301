"""Tests of picture/mouth."""
