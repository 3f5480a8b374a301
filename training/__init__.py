"""Training scripts of the shipped weights, one per stage. Not part of the wheel."""
