"""The store: SQLite in the room's folder, or any other database that SQLAlchemy supports."""

from doublure.store.database import DATABASE, Store, open_store, reading

__all__ = ["DATABASE", "Store", "open_store", "reading"]
