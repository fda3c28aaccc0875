"""PostgreSQL connections that give up on a server that says nothing.

A server that is down refuses, and one that is busy cancels what takes too long (``statement_timeout``). One that is
frozen does neither: the system goes on taking its bytes, and a client waits for ever. Only the client can end that.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection, OperationalError
from sqlalchemy import Connection as SqlConnection
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session


class ImpatientConnection(Connection[Any]):
    """Closes itself when the server has said nothing for ``patience_seconds``."""

    patience_seconds: float = 20.0

    def wait(self, gen: Any, *args: Any, **options: Any) -> Any:
        """Run one step of the protocol; raises OperationalError when it takes too long."""
        try:
            return super().wait(_within(gen, self.patience_seconds), *args, **options)
        except _SilenceError as error:
            self.close()
            raise OperationalError(f"the server has said nothing for {self.patience_seconds} s") from error


def make_impatient(engine: Engine, patience_seconds: float) -> None:
    """Let an engine's connections wait so long for an answer and no longer."""

    def connect(_dialect: object, _record: object, arguments: Any, options: Any) -> ImpatientConnection:
        connection = ImpatientConnection.connect(*arguments, **options)
        connection.patience_seconds = patience_seconds
        return connection

    event.listen(engine, "do_connect", connect)


@contextmanager
def hurried(session: Session, patience_seconds: float) -> Iterator[None]:
    """Wait less long for what a session does in this block."""
    with unhurried(session.connection(), patience_seconds):
        yield


@contextmanager
def unhurried(on: SqlConnection, patience_seconds: float) -> Iterator[None]:
    """Wait longer (or less long) for what is done on a connection in this block."""
    connection: ImpatientConnection = on.connection.driver_connection  # type: ignore[assignment]
    usual = connection.patience_seconds
    connection.patience_seconds = patience_seconds
    try:
        yield
    finally:
        connection.patience_seconds = usual


class _SilenceError(Exception):
    """Nothing came; never seen outside."""


def _within(steps: Generator[Any, Any, Any], seconds: float) -> Generator[Any, Any, Any]:
    """Pass the steps of psycopg's protocol on (it wakes them several times a second), until time is up."""
    deadline = time.monotonic() + seconds
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > deadline:
                raise _SilenceError
            wanted = steps.send(ready)
    except StopIteration as finished:
        return finished.value
