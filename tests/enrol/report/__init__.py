"""Tests of enrol/report."""
