"""Choosing comments, writing their answers and checking these against the catalogue."""
