"""Accounts can be disabled."""

import sqlalchemy as sa
from alembic import op

revision = "0002a"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every account there is stays enabled."""
    op.add_column("users", sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Without a batch: rebuilding the table would make SQLite delete everything that belongs to its rows."""
    op.drop_column("users", "disabled_at")
