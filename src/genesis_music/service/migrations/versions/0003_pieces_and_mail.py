"""Pieces of resumable uploads, and e-mails that are to be sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Uploads that are on their way begin again: which of their pieces count was not noted."""
    op.execute("DELETE FROM uploads")
    op.add_column(
        "uploads",
        sa.Column(
            "pieces",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            server_default="[]",
        ),
    )
    op.create_table(
        "email_notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_email_notifications_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_email_notifications_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_notifications")),
    )
    for column in ("user_id", "job_id", "next_at"):
        op.create_index(op.f(f"ix_email_notifications_{column}"), "email_notifications", [column])


def downgrade() -> None:
    """Without a batch: rebuilding the table would make SQLite delete what belongs to its rows."""
    op.drop_table("email_notifications")
    op.drop_column("uploads", "pieces")
