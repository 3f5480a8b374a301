"""Doublure: a consented AI double of a live-shopping host that keeps the room on air."""

__version__ = "0.1.0"
