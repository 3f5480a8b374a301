"""Clauses become packets on other people's servers."""
