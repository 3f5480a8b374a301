"""Spoken form: how figures, prices, units and signs are said."""
