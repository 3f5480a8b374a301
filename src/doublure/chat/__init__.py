"""Viewers' comments: chat engines, and the inbox between them and the judge."""
