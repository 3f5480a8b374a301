"""The tests. What they share lies here; the rest mirrors the packages."""
