"""Faces: who is seen."""
