"""Revisions of transcriptions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every result there is becomes revision 0 of its transcription."""
    op.create_table(
        "revisions",
        sa.Column("transcription_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "machine",
                "edit",
                "restore",
                name="revisionkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("summary", sa.String(length=300), nullable=False),
        sa.Column("document", sa.String(length=255), nullable=False),
        sa.Column("prefix", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["transcription_id"],
            ["transcriptions.id"],
            name=op.f("fk_revisions_transcription_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_revisions_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("transcription_id", "number", name=op.f("pk_revisions")),
    )
    for column in ("user_id", "document", "prefix"):
        op.create_index(op.f(f"ix_revisions_{column}"), "revisions", [column])
    op.execute(
        "INSERT INTO revisions (transcription_id, number, kind, summary, document, prefix, created_at) "
        "SELECT id, 0, 'machine', 'Transcribed', result_prefix || '/tab.json', result_prefix, "
        "COALESCE(completed_at, created_at) FROM transcriptions WHERE result_prefix IS NOT NULL"
    )
    op.execute("UPDATE transcriptions SET revision = 1 WHERE result_prefix IS NOT NULL")


def downgrade() -> None:
    """What the jobs made stays; edits are lost."""
    op.drop_table("revisions")
