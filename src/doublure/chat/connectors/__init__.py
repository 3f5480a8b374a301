"""The built-in chat engines."""
