"""Alembic's entry point: runs the migrations on the connection that `open_store` passes."""

from __future__ import annotations

from alembic import context

from doublure.store.models import Table

context.configure(connection=context.config.attributes["connection"], target_metadata=Table.metadata)
with context.begin_transaction():
    context.run_migrations()
