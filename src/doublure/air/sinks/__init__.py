"""The sink engines: destinations of the packets."""
