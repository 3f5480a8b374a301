"""Alembic's entry: runs the migrations on the connection that `open_store` gives."""

from __future__ import annotations

from alembic import context

from doublure.store.models import Table

context.configure(connection=context.config.attributes["connection"], target_metadata=Table.metadata)
with context.begin_transaction():
    context.run_migrations()
