"""Requests made up from the OpenAPI document (schemathesis): whatever comes, the answer is what the document says.

All of schemathesis' checks: no 5xx, documented statuses, headers, content types and schemas, sensible data accepted and
senseless refused, no route open to strangers that says it is not, nothing left of what was deleted, and more.
`make test` tries a few requests of every kind; `make test-api` (GENESIS_API_EXAMPLES) many.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from schemathesis import Case, GenerationMode, engine, hooks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.generation.meta import TestPhase

from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.local_user import LOCAL_IDENTITY
from genesis_music.service.accounts.sessions import start_session
from genesis_music.service.accounts.tables import Role, User
from genesis_music.service.guards import guarded
from genesis_music.service.platform.container import Platform
from genesis_music.service.transcriptions.bodies import body_limits
from tests.service.conftest import Person, app_of, client_of, make_person
from tests.service.platforms import PUBLIC_URL
from tests.service.transcriptions.conftest import Api, Workbench, bench, quick, wav

__all__ = ["bench", "quick"]

EXAMPLES = int(os.environ.get("GENESIS_API_EXAMPLES", "2"))
"""Made-up requests of each operation, with sensible and with senseless data each, beside the systematic ones."""
DEEP = EXAMPLES > 10

MEANING = (
    "/auth/(reset-password|sign-up)|/account/(api-keys|preferences)|/transcribe|/uploads|/webhooks|/admin/"
)
"""Routes that may refuse what is well formed: a spent link, a cursor of another list, options that contradict each
other, a tuning that there is not, a password that everybody knows, an address that nobody may reach, an end that has
passed."""
REFUSALS = ["400", "401", "403", "404", "405", "409", "410", "412", "413", "415", "422", "428", "429", "460"]
TRIES = ("examples", "fuzzing", "stateful")
EVERYTHING = (*TRIES, "coverage")


@dataclass
class Outcome:
    """What a run has found; each kind of failure once, with the request that shows it."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)

    def take(self, event: events.EngineEvent) -> None:
        if isinstance(event, events.ScenarioFinished):
            self._take_scenario(event.recorder)
        elif isinstance(event, events.NonFatalError):
            self.failures[event.label] = str(event.value)
        elif isinstance(event, events.FatalError):
            raise event.exception

    def _take_scenario(self, recorder: ScenarioRecorder) -> None:
        self.requests += len(recorder.interactions)
        for interaction in recorder.interactions.values():
            if interaction.response is not None:
                self.statuses[interaction.response.status_code] += 1
        for checks in recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    shown = f"{failure.message}\n{check.failure_info.code_sample}"
                    self.failures.setdefault(f"{check.name}: {failure.operation}", shown[:3000])


@pytest.fixture
def platform(sqlite_platform: Platform) -> Platform:
    """The production mode; its differences between databases are the business of other tests."""
    return sqlite_platform


@pytest.fixture
def admin(platform: Platform) -> Person:
    return make_person(platform, "ada@example.com", Role.ADMIN)


def test_administrators_get_documented_answers(platform: Platform, admin: Person, quick: Workbench) -> None:
    known = belongings(platform, admin, quick)
    outcome = try_out(platform, admin.id, known, EVERYTHING)
    assert outcome.failures == {}
    assert outcome.requests > 1000
    assert {200, 201, 202, 204, 206, 401, 404, 405, 422} <= outcome.statuses.keys()


def test_users_get_documented_answers(platform: Platform, user: Person, quick: Workbench) -> None:
    known = belongings(platform, user, quick)
    outcome = try_out(platform, user.id, known, EVERYTHING if DEEP else TRIES)
    assert outcome.failures == {}
    assert {200, 202, 403} <= outcome.statuses.keys()


def test_strangers_get_documented_answers(platform: Platform, user: Person, quick: Workbench) -> None:
    known = belongings(platform, user, quick)
    outcome = try_out(platform, None, known, EVERYTHING if DEEP else TRIES)
    assert outcome.failures == {}
    assert {200, 401} <= outcome.statuses.keys()


def test_the_embedded_service_gives_documented_answers(embedded_platform: Platform) -> None:
    outcome = try_out(embedded_platform, LOCAL_IDENTITY.user_id, {}, EVERYTHING if DEEP else TRIES)
    assert outcome.failures == {}
    assert 200 in outcome.statuses


def belongings(platform: Platform, person: Person, quick: Workbench) -> dict[str, str]:
    """One of everything that a person can have, by the names of the paths' parameters; the recording is finished."""
    with client_of(platform) as client:
        api = Api(client, person)
        id_ = api.accepted(wav(1.0))
        quick.work()
        return {
            "transcription_id": id_,
            "format": "gp5",
            "note_id": "t1n1",
            "token": api("POST", f"/transcribe/{id_}/shares").json()["token"],
            "webhook_id": api("POST", "/webhooks", json={"url": "https://example.com/"}).json()["id"],
        }


def try_out(
    platform: Platform, user_id: UUID | None, known: dict[str, str], phases: tuple[str, ...]
) -> Outcome:
    """Run schemathesis against the application, signed in as a user or as nobody."""
    app = guarded(app_of(platform), platform, body_limits(platform.settings))
    config = SchemathesisConfig.from_dict(
        configuration(phases, signed_in=user_id is not None, platform=platform)
    )
    schema = schemathesis.openapi.from_dict(app_of(platform).openapi(), config=config)
    schema.app = app
    if user_id is not None and not platform.settings.embedded:
        schema.auth(refresh_interval=None)(signing_in(platform, user_id))

    outcome = Outcome()
    with filling_paths(known):
        for event in engine.from_schema(schema).execute():
            outcome.take(event)
    return outcome


@contextmanager
def filling_paths(known: dict[str, str]) -> Iterator[None]:
    """Where something is looked at or changed, let it be there; deleting is tried on what is not."""

    def before_call(_: Any, case: Case, __: Any) -> None:
        if case.method != "DELETE" and is_sensible_path(case):
            there = {name: known[name] for name in case.path_parameters or {} if name in known}
            case.path_parameters = (case.path_parameters or {}) | there

    schemathesis.hook(before_call)
    try:
        yield
    finally:
        hooks.unregister(before_call)


def is_sensible_path(case: Case) -> bool:
    """Whether a path is filled with sensible values, which are not what an earlier answer had."""
    path = case.meta.components.get(ParameterLocation.PATH) if case.meta else None
    stateful = case.meta is not None and case.meta.phase.name is TestPhase.STATEFUL
    return path is not None and path.mode is GenerationMode.POSITIVE and not stateful


def configuration(phases: tuple[str, ...], *, signed_in: bool, platform: Platform) -> dict[str, Any]:
    public = platform.settings.embedded or not signed_in
    return {
        "base-url": PUBLIC_URL,
        "seed": 1,
        "auth": {"auto-signup": False},
        "warnings": False,
        "continue-on-failure": True,
        "request-timeout": 120,  # how fast answers are is the business of benchmarks
        "generation": {"max-examples": EXAMPLES, "deterministic": not DEEP, "database": "none"},
        "phases": {name: {"enabled": name in phases} for name in EVERYTHING},
        "checks": {
            "ignored_auth": {"enabled": not public},
            "negative_data_rejection": {"expected-statuses": REFUSALS},
        },
        "operations": [
            {"include-path-regex": MEANING, "checks": {"positive_data_acceptance": {"enabled": False}}},
        ],
    }


def signing_in(platform: Platform, user_id: UUID) -> type:
    """Authentication with a session of its own for every request: some of them sign out everywhere."""

    class Auth:
        def get(self, *_: object) -> str:
            with platform.database.writing() as session:
                user = session.get_one(User, user_id)
                signed_in = start_session(
                    session, platform.settings, user, RequestInfo("203.0.113.7", "tests")
                )
            return signed_in.access.token

        def set(self, case: Case, token: str, _: object) -> None:
            case.headers["Authorization"] = f"Bearer {token}"

    return Auth
