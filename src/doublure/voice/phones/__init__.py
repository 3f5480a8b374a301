"""Phones: words to the sounds they consist of."""
