"""Whether something may be aired, and what was: consent, persona, journal, marks."""
