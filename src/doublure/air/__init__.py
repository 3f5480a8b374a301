"""From clauses to encoded packets on the platforms' servers."""
