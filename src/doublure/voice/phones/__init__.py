"""Phones: which sounds the words have."""
