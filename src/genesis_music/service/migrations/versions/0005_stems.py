"""Where the stems of a transcription are."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Recordings that were taken apart before have none: they were kept on one worker only."""
    op.add_column("transcriptions", sa.Column("stems_prefix", sa.String(length=255), nullable=True))
    op.create_index(op.f("ix_transcriptions_stems_prefix"), "transcriptions", ["stems_prefix"])


def downgrade() -> None:
    """The files are swept later: no row refers to them."""
    op.drop_index(op.f("ix_transcriptions_stems_prefix"), "transcriptions")
    op.drop_column("transcriptions", "stems_prefix")
