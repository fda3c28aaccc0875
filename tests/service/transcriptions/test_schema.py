"""Requests made up from the OpenAPI document: whatever comes, the answer is what the document says."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.schemas import APIOperation

from genesis_music.service.guards import guarded
from genesis_music.service.platform.container import Platform
from genesis_music.service.transcriptions.bodies import body_limits
from tests.service.conftest import app_of
from tests.service.transcriptions.conftest import SQLITE_ONLY, Api, Workbench

EXAMPLES = 4
"""Of each operation, with sensible and with senseless data: enough to notice what was forgotten."""

OWN = tuple(f"/api/v1/{part}" for part in ("transcribe", "uploads", "webhooks", "shared"))
load_all_checks()
CHECKED = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    )
]


@SQLITE_ONLY
def test_made_up_requests_get_documented_answers(
    api: Api, quick: Workbench, platform: Platform, tone: bytes
) -> None:
    known = {"transcription_id": api.accepted(tone), "format": "gp5"}
    known["token"] = api("POST", f"/transcribe/{known['transcription_id']}/shares").json()["token"]
    known["webhook_id"] = api("POST", "/webhooks", json={"url": "https://example.com/"}).json()["id"]
    quick.work()
    app = guarded(app_of(platform), platform, body_limits(platform.settings))
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    own = [found.ok() for found in schema.get_all_operations() if found.ok().path.startswith(OWN)]
    assert len(own) > 25
    for operation in own:
        try_out(operation, api, known)


def try_out(operation: APIOperation, api: Api, known: dict[str, str]) -> None:
    cases = st.one_of(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases, st.booleans())
    def check(case: schemathesis.Case, of_something_there: bool) -> None:
        if of_something_there and case.method != "DELETE":
            there = {name: value for name, value in known.items() if name in (case.path_parameters or {})}
            case.path_parameters = (case.path_parameters or {}) | there
        case.call_and_validate(headers=api.person.headers, checks=CHECKED)

    check()
