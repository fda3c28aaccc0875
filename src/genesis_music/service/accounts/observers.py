"""Who must know when an account goes or wants its data: the parts that keep things of users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.orm import Session


class AccountObserver(Protocol):
    """Keeps things of users beside the rows that go with the account by their foreign keys."""

    def account_deleted(self, session: Session, user_id: UUID) -> None:
        """Stop and remove what belongs to the user; called before the rows go, in the same transaction.

        Files that cannot be deleted now are left to the sweep of orphans: this must not fail because of them.
        """

    def export(self, session: Session, user_id: UUID) -> dict[str, Any]:
        """Return the user's data as JSON, under names of its own."""


def _observers(request: Request) -> Sequence[AccountObserver]:
    observers: Sequence[AccountObserver] = request.app.state.account_observers
    return observers


ObserversOf = Annotated[Sequence[AccountObserver], Depends(_observers)]
"""The observers that the application was put together with (``app.state.account_observers``)."""
