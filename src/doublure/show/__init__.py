"""One room on air."""
