"""The writer engines, for sentences that are not in a script."""
