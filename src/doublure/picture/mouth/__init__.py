"""How the mouth moves when something is said."""
