"""Which request asked for a job."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Jobs of before have none; servers of the version before go on inserting jobs without."""
    for name, length in (("request_id", 64), ("trace_parent", 55)):
        op.add_column("jobs", sa.Column(name, sa.String(length=length), nullable=False, server_default=""))


def downgrade() -> None:
    """Traces of jobs that wait end with the request."""
    op.drop_column("jobs", "trace_parent")
    op.drop_column("jobs", "request_id")
