"""Speech synthesis: words to sound."""
