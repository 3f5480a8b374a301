"""Consent and persona (what may air), the journal and its audit (what aired), and the AI mark."""
