"""The store: SQLite in the room's folder, or any database SQLAlchemy reaches by its address."""

from doublure.store.database import DATABASE, Store, open_store, reading

__all__ = ["DATABASE", "Store", "open_store", "reading"]
