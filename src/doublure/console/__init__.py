"""The console: the operator's web pages."""
