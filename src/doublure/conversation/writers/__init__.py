"""Writers: who makes the sentences that are not in a script."""
