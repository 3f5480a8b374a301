"""Tests of actor."""
