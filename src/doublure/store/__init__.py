"""The store: SQLAlchemy models and their migrations."""
