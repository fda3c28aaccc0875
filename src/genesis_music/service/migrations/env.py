"""Runs migrations on the connection that :mod:`genesis_music.service.platform.migrate` opened."""

from typing import Any, Literal

from alembic import context

from genesis_music.service.platform.database import UtcDateTime
from genesis_music.service.tables import METADATA


def _spell(kind: str, item: Any, _: object) -> str | Literal[False]:
    """Migrations spell our column types without importing the service: they must run unchanged for ever."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    render_item=_spell,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
