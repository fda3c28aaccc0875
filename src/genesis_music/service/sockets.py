"""Socket.IO: followers of jobs hear every change, and at least every five seconds that it goes on.

1. A client proves who it is when it connects, ``auth: {token}`` with an access token or an API key; the embedded
   service asks for none. When its token expires it is disconnected, unless it has sent ``authenticate {token}`` with
   a newer one. Sessions that have ended are noticed within a minute. Before a disconnection comes ``signed-out
   {code, message}``: ``expired-token`` (refresh and connect again), ``not-signed-in`` (sign in), ``too-many-requests``.
2. ``subscribe {job_id}`` joins the job's room, for the owner and administrators only; the answer has the job's last
   event. ``unsubscribe {job_id}`` leaves it.
3. Events come through Redis from whichever process changed the job. A room that has heard nothing for five seconds
   (a job that waits, a message that was lost) is told the state in the database.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import socketio
from pydantic import BaseModel, ConfigDict, ValidationError
from socketio.exceptions import ConnectionRefusedError as Refused
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from genesis_music.service.accounts.authentication import authenticate, is_api_key, verified_claims
from genesis_music.service.accounts.identity import Identity
from genesis_music.service.accounts.tables import Role
from genesis_music.service.errors import NotFoundError, ServiceError, TooManyRequestsError
from genesis_music.service.jobs.events import event_of
from genesis_music.service.jobs.tables import Job
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.events import JobEvent
from genesis_music.service.platform.metrics import Counter, Level
from genesis_music.service.platform.publisher import CHANNEL, room_of
from genesis_music.service.platform.tokens import ExpiredTokenError

log = logging.getLogger(__name__)

CONNECTIONS = Level("genesis_socket_connections", "Connections that are open now.")
EVENTS = Counter(
    "genesis_socket_events_total",
    "What clients asked (connect, refuse, subscribe …), and what rooms were told (progress, complete …).",
    ("event",),
)

SILENCE_SECONDS = 4.5
"""A room that has heard nothing for so long is told the job's state."""
TICK_SECONDS = 0.5
RECHECK_SECONDS = 60.0
MOST_READINGS = 3
MOST_ROOMS = 200
MOST_MESSAGES_PER_SECOND = 20.0
BURST = 100
"""A client may send so many messages at once (it follows again all its jobs when it comes back)."""
LARGEST_MESSAGE_BYTES = 16_384
MOST_CONNECTIONS = 100
"""Connections of one user to one server process."""


class _Subscription(BaseModel):
    model_config = ConfigDict(extra="forbid")
    job_id: UUID


class _Credential(BaseModel):
    model_config = ConfigDict(extra="forbid")
    token: str


@dataclass
class _Client:
    """One connection. ``allowance`` is how many messages it may send at ``counted_at``."""

    identity: Identity
    credential: str | None
    expires_at: float | None
    jobs: set[UUID] = field(default_factory=set)
    allowance: float = BURST
    counted_at: float = field(default_factory=time.monotonic)

    def count(self) -> bool:
        """Count a message; return whether it is still within the limit."""
        now = time.monotonic()
        earned = (now - self.counted_at) * MOST_MESSAGES_PER_SECOND
        self.allowance, self.counted_at = min(BURST, self.allowance + earned) - 1.0, now
        return self.allowance >= 0.0


@dataclass
class _Room:
    """The followers of a job on this server, and what they heard last."""

    followers: set[str] = field(default_factory=set)
    event: str = ""
    heard_at: float = 0.0

    def hear(self, event: str) -> None:
        self.event, self.heard_at = event, time.monotonic()


class _Manager(socketio.AsyncRedisManager):  # type: ignore[misc]  # untyped
    """Notes what rooms hear."""

    def __init__(self, redis_url: str, rooms: Mapping[str, _Room]) -> None:
        super().__init__(redis_url, channel=CHANNEL, redis_options={"socket_connect_timeout": 2.0})
        self._heard = rooms

    async def _handle_emit(self, message: dict[str, Any]) -> None:
        room = self._heard.get(str(message.get("room")))
        if room is not None:
            room.hear(str(message.get("event")))
            EVENTS.add(event=str(message.get("event")))
        await super()._handle_emit(message)


class Sockets:
    """The Socket.IO side of one server process; ``server`` goes into :class:`socketio.ASGIApp`."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._clients: dict[str, _Client] = {}
        self._rooms: dict[str, _Room] = {}
        self._beating: asyncio.Task[None] | None = None
        settings = platform.settings
        self.server = socketio.AsyncServer(
            async_mode="asgi",
            client_manager=_Manager(settings.redis_url, self._rooms),
            cors_allowed_origins=self._is_allowed_origin,
            max_http_buffer_size=LARGEST_MESSAGE_BYTES,
            ping_interval=20,
            ping_timeout=20,
            logger=False,
        )
        self.server.on("connect", self._connect)
        self.server.on("disconnect", self._disconnect)
        for event in ("subscribe", "unsubscribe", "authenticate"):
            self.server.on(event, self._answering(event))
        self.server.on("*", self._unknown)

    def _is_allowed_origin(self, origin: str | None, environ: Mapping[str, Any]) -> bool:
        """Whether a connection comes from the service's own pages, an allowed page, or no page."""
        if origin is None:
            return True
        settings = self._platform.settings
        own = origin.partition("://")[2] == environ.get("HTTP_HOST")
        return own or origin in {settings.public_url, *settings.cors_origins}

    async def _connect(self, sid: str, environ: Mapping[str, Any], auth: object = None) -> None:
        credential = _credential(environ, auth)
        try:
            client = await self._client(credential)
            self._check_connections(client)
        except ServiceError as error:
            EVENTS.add(event="refuse")
            raise Refused(str(error), {"code": error.code, "message": str(error)}) from error
        except SQLAlchemyError as error:
            EVENTS.add(event="refuse")
            log.warning("a socket is refused, the database does not answer: %s", error)
            raise Refused("Try again in a moment.", {"code": "unavailable"}) from error
        self._clients[sid] = client
        CONNECTIONS.add()
        EVENTS.add(event="connect")
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat())

    async def _disconnect(self, sid: str, _reason: str = "") -> None:
        client = self._clients.pop(sid, None)
        CONNECTIONS.add(-1 if client else 0)
        for job_id in client.jobs if client else ():
            self._forget(sid, job_id)

    def _answering(self, event: str) -> Any:
        """Wrap a handler: limits, then an answer in any case, then nothing raised."""
        handle = getattr(self, f"_{event}")

        async def answer(sid: str, *payload: object) -> dict[str, Any] | None:
            EVENTS.add(event=event)
            client = await self._counted(sid)
            if client is None:
                return None
            try:
                found: dict[str, Any] = await handle(sid, client, payload[0] if payload else None)
            except ValidationError as error:
                fault = error.errors()[0]
                where = ".".join(map(str, fault["loc"]))
                return _refusal("invalid-request", f"{event}: {where}: {fault['msg']}")
            except ServiceError as error:
                return _refusal(error.code, str(error))
            except SQLAlchemyError as error:
                log.warning("a socket's question is not answered: %s", error)
                return _refusal("unavailable", "The database does not answer. Try again in a moment.")
            return {"ok": True} | found

        return answer

    async def _unknown(self, _event: str, sid: str, *_payload: object) -> dict[str, Any] | None:
        if await self._counted(sid) is None:
            return None
        return _refusal("invalid-request", "There are subscribe, unsubscribe and authenticate.")

    async def _subscribe(self, sid: str, client: _Client, payload: object) -> dict[str, Any]:
        job_id = _Subscription.model_validate(payload).job_id
        if len(client.jobs | {job_id}) > MOST_ROOMS:
            raise TooManyRequestsError(f"One connection can follow {MOST_ROOMS} jobs: unsubscribe from some.")
        _check_owner(await asyncio.to_thread(self._find, job_id), client.identity)
        client.jobs.add(job_id)
        room = self._rooms.setdefault(room_of(job_id), _Room())
        room.followers.add(sid)
        await self.server.enter_room(sid, room_of(job_id))
        event, data = self._event(_check_owner(await self._latest(job_id, room), client.identity))
        room.hear(str(event))
        await self.server.emit(str(event), data, to=sid, ignore_queue=True)
        return {"event": str(event), "data": data}

    async def _unsubscribe(self, sid: str, client: _Client, payload: object) -> dict[str, Any]:
        job_id = _Subscription.model_validate(payload).job_id
        client.jobs.discard(job_id)
        self._forget(sid, job_id)
        await self.server.leave_room(sid, room_of(job_id))
        return {}

    async def _authenticate(self, _sid: str, client: _Client, payload: object) -> dict[str, Any]:
        newer = await self._client(_Credential.model_validate(payload).token)
        if newer.identity.user_id != client.identity.user_id:
            raise NotFoundError("This token is another user's: connect anew.")
        client.identity, client.credential = newer.identity, newer.credential
        client.expires_at = newer.expires_at
        return {}

    async def _counted(self, sid: str) -> _Client | None:
        client = self._clients.get(sid)
        if client is None or client.count():
            return client
        await self._sign_out(sid, TooManyRequestsError("Too many messages: slow down."))
        return None

    async def _client(self, credential: str | None) -> _Client:
        identity = await asyncio.to_thread(authenticate, self._platform, credential)
        expires_at = None
        if credential and not self._platform.settings.embedded and not is_api_key(credential):
            expires_at = float(verified_claims(self._platform.settings, credential).expires_at)
        return _Client(identity, credential, expires_at)

    def _check_connections(self, client: _Client) -> None:
        user_id = client.identity.user_id
        if sum(other.identity.user_id == user_id for other in self._clients.values()) >= MOST_CONNECTIONS:
            raise TooManyRequestsError(f"You have {MOST_CONNECTIONS} connections: close some.")

    async def _latest(self, job_id: UUID, room: _Room) -> Job | None:
        """What happened before the room was joined is in the database, what happens after is heard and is newer.

        A database that is slower than the events does not hold the answer up for ever.
        """
        for _ in range(MOST_READINGS):
            asked_at = time.monotonic()
            job = await asyncio.to_thread(self._find, job_id)
            if room.heard_at <= asked_at:
                break
        return job

    def _forget(self, sid: str, job_id: UUID) -> None:
        room = self._rooms.get(room_of(job_id))
        if room is not None:
            room.followers.discard(sid)
            if not room.followers:
                del self._rooms[room_of(job_id)]

    def _find(self, job_id: UUID) -> Job | None:
        with Session(self._platform.database.primary) as session:
            return session.get(Job, job_id)

    def _event(self, job: Job) -> tuple[JobEvent, dict[str, Any]]:
        return event_of(job, support_email=self._platform.settings.support_email)

    async def _beat(self) -> None:
        """Look after rooms and clients for as long as the process lives."""
        checked_at = time.monotonic()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                await self._end_expired()
                await self._tell_silent()
                if time.monotonic() - checked_at >= RECHECK_SECONDS:
                    checked_at = time.monotonic()
                    await self._recheck()
            except SQLAlchemyError as error:
                log.warning("the sockets' heartbeat has to wait: %s", error)
            except Exception:
                log.exception("a heartbeat of the sockets failed")

    async def _tell_silent(self) -> None:
        """Tell rooms that have heard nothing for a while the state in the database; an end is told once."""
        asked_at = time.monotonic()
        silent = {
            name: room for name, room in self._rooms.items() if asked_at - room.heard_at >= SILENCE_SECONDS
        }
        if not silent:
            return
        for job in await asyncio.to_thread(self._find_all, [_job_of(name) for name in silent]):
            event, data = self._event(job)
            room = self._rooms.get(room_of(job.id))
            if room is None or room.heard_at > asked_at:
                continue
            told = room.event == event and event is not JobEvent.PROGRESS
            room.hear(str(event))
            if not told:
                await self.server.emit(str(event), data, room=room_of(job.id), ignore_queue=True)

    def _find_all(self, job_ids: Sequence[UUID]) -> Sequence[Job]:
        with Session(self._platform.database.primary) as session:
            return session.scalars(select(Job).where(Job.id.in_(job_ids))).all()

    async def _end_expired(self) -> None:
        now = time.time()
        for sid, client in list(self._clients.items()):
            if client.expires_at is not None and client.expires_at <= now:
                await self._sign_out(sid, _EXPIRED)

    async def _recheck(self) -> None:
        """Disconnect clients whose session has ended, whose key was revoked, whose account is gone."""
        for sid, client in list(self._clients.items()):
            try:
                client.identity = await asyncio.to_thread(authenticate, self._platform, client.credential)
            except ServiceError as error:
                await self._sign_out(sid, error)

    async def _sign_out(self, sid: str, error: ServiceError) -> None:
        await self.server.emit(
            "signed-out", {"code": error.code, "message": str(error)}, to=sid, ignore_queue=True
        )
        await self.server.disconnect(sid)


_EXPIRED = ExpiredTokenError("The access token has expired: refresh it and connect again.")


def _credential(environ: Mapping[str, Any], auth: object) -> str | None:
    """From the connection's ``auth: {token}``, or from a program's ``Authorization`` header."""
    if auth:
        try:
            return _Credential.model_validate(auth).token
        except ValidationError:
            return None
    scheme, _, token = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    return token if scheme.lower() == "bearer" else None


def _check_owner(job: Job | None, identity: Identity) -> Job:
    """Return the job if it is the asker's to see; another user's looks like none."""
    if job is None or (job.user_id != identity.user_id and identity.role is not Role.ADMIN):
        raise NotFoundError("There is no such job.")
    return job


def _job_of(room: str) -> UUID:
    return UUID(room.partition(":")[2])


def _refusal(code: str, message: str) -> dict[str, Any]:
    return {"ok": False, "error": {"code": code, "message": message}}
