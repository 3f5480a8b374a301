"""Voices: who speaks."""
