"""Requests made up from the OpenAPI document (schemathesis): whatever comes, the answer is one the document allows."""

from __future__ import annotations

import os
import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis import engine
from schemathesis.engine import events
from schemathesis.core.failures import format_failures
from genesis_music.service.guards import guarded
from genesis_music.service.platform.container import Platform
from genesis_music.service.transcriptions.bodies import body_limits
from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.sessions import start_session
from genesis_music.service.accounts.tables import User
from tests.service.conftest import app_of, Person, make_person
from genesis_music.service.accounts.tables import Role

EXAMPLES = int(os.environ.get("EXAMPLES", "3"))

def conf(embedded):
    return SchemathesisConfig.from_dict({
        "seed": 1,
        "warnings": False,
        "generation": {"max-examples": EXAMPLES, "deterministic": True, "database": "none"},
        "continue-on-failure": True,
        "phases": {"stateful": {"enabled": True}},
        "checks": {"ignored_auth": {"enabled": not embedded}},
    })


def run(platform, person):
    app = guarded(app_of(platform), platform, body_limits(platform.settings))
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, config=conf(person is None))
    if person:
        @schema.auth(refresh_interval=None)
        class Auth:
            def get(self, case, ctx):
                with platform.database.writing() as session:
                    row = session.get_one(User, person.id)
                    return start_session(session, platform.settings, row, RequestInfo("203.0.113.7", "tests")).access.token
            def set(self, case, data, ctx):
                case.headers = case.headers or {}
                case.headers["Authorization"] = f"Bearer {data}"
    n = 0
    from collections import Counter
    seen = Counter(); shown = {}
    import time
    t0 = time.process_time()
    for event in engine.from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            n += len(event.recorder.interactions)
            for case_id, checks in event.recorder.checks.items():
                for c in checks:
                    if c.failure_info is not None:
                        f = c.failure_info.failure
                        key = (c.name, event.recorder.cases[case_id].value.operation.label if case_id in event.recorder.cases else "", f.title)
                        seen[key] += 1
                        shown.setdefault(key, (f.message, c.failure_info.code_sample, event.phase))
        elif isinstance(event, (events.NonFatalError, events.FatalError)):
            print("ERR", event.label if hasattr(event,'label') else '', getattr(event, 'value', getattr(event,'exception',None)))
        elif isinstance(event, events.PhaseFinished):
            print(event.phase.name, event.status, n, round(time.process_time()-t0,1), flush=True)
    for key, (message, sample, phase) in shown.items():
        print("#####", seen[key], key, phase); print(message[:1200]); print(sample[:900])
    print(n, "requests")


@pytest.mark.parametrize("platform", ["sqlite"], indirect=True)
@pytest.mark.parametrize("role", [Role.USER, Role.ADMIN])
def test_prod(platform, role):
    run(platform, make_person(platform, "ada@example.com", role))

def test_emb(embedded_platform):
    run(embedded_platform, None)
