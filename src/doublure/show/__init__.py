"""Runs one room on air: the rundown, answers, the operator's orders and the checks before them."""
