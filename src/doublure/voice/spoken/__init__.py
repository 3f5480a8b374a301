"""Spoken form: figures, prices, units and signs in words."""
