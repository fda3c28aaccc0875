"""The repository pattern: one object per table that finds, creates, updates and deletes, inside a session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from genesis_music.service.platform.database import Base

T = TypeVar("T", bound=Base)


class Repository(Generic[T]):
    """Rows of ``table`` seen through one session; what is changed is kept when the session's transaction commits.

    A subclass names its table and adds the questions its service asks.
    """

    table: ClassVar[type[Base]]

    def __init__(self, session: Session) -> None:
        self.session = session

    def find_by_id(self, id_: UUID) -> T | None:
        """Return the row, or ``None``."""
        return self.session.get(self.table, id_)  # type: ignore[return-value]

    def find_all(self, **equal: Any) -> Sequence[T]:
        """Return the rows whose columns equal the given values."""
        return self.session.scalars(select(self.table).filter_by(**equal)).all()  # type: ignore[return-value]

    def create(self, **values: Any) -> T:
        """Add a row; its defaults are filled in at once."""
        row = self.table(**values)
        self.session.add(row)
        self.session.flush()
        return row  # type: ignore[return-value]

    def update(self, row: T, **values: Any) -> T:
        """Change columns of a row."""
        for name, value in values.items():
            setattr(row, name, value)
        self.session.flush()
        return row

    def delete(self, row: T) -> None:
        """Remove a row and, by the foreign keys, what belongs to it."""
        self.session.delete(row)
        self.session.flush()
