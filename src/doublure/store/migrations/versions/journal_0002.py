"""Adds to the journal's newest link the signature of the machine that wrote it."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give the journal an id, and add the columns of the signature to its newest link."""
    for name, length in (("journal", 32), ("key", 64), ("signature", 128)):
        op.add_column("journal_head", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    head = sa.table("journal_head", sa.column("journal", sa.String))
    op.execute(head.update().values(journal=uuid.uuid4().hex))


def downgrade() -> None:
    """Not supported, because software never deletes a journal."""
    raise RuntimeError("the journal cannot be migrated to an older version")
