"""The audit log, taken away by another system."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from genesis_music.service.accounts import audit_export
from genesis_music.service.accounts.audit import Action, audit
from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.tables import AuditEvent

LOG = "/api/v1/admin/audit-events/export"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def logged(platform, user, monkeypatch):
    """Seven events, an hour between them, read three at a time."""
    monkeypatch.setattr(audit_export, "EVENTS_AT_ONCE", 3)
    with platform.database.writing() as session:
        for hour in range(7):
            session.add(
                AuditEvent(
                    at=NOON + timedelta(hours=hour),
                    actor_id=user.id,
                    action=Action.SIGN_IN,
                    subject=str(hour),
                    details={"a": "ü"},
                )
            )


def lines(client, admin, **params):
    answer = client.get(LOG, params=params, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    return answer


def test_every_event_is_a_line_of_json_oldest_first(client, admin, user, logged):
    answer = lines(client, admin)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    events = [json.loads(line) for line in answer.text.splitlines()]
    assert [event["subject"] for event in events if event["action"] == "account.sign-in"] == list("0123456")
    assert events[0]["actor_id"] == str(user.id) and events[0]["details"] == {"a": "ü"}
    assert events[0]["at"] == NOON.isoformat()


def test_a_time_range_has_its_beginning_and_not_its_end(client, admin, logged):
    since, until = (NOON + timedelta(hours=hours) for hours in (2, 5))
    text = lines(client, admin, since=since.isoformat(), until=until.isoformat()).text
    assert [json.loads(line)["subject"] for line in text.splitlines()] == ["2", "3", "4"]


def test_a_spreadsheet_reads_it_and_computes_nothing(client, platform, admin, logged):
    with platform.database.writing() as session:
        audit(session, None, Action.SIGN_OUT, '=HYPERLINK("http://evil")', RequestInfo("@x", "", "+1"))
    rows = list(csv.DictReader(io.StringIO(lines(client, admin, format="csv").text)))
    assert [row["subject"] for row in rows[:7]] == list("0123456")
    assert json.loads(rows[0]["details"]) == {"a": "ü"}
    [odd] = [row for row in rows if row["action"] == "account.sign-out"]
    assert (odd["subject"], odd["address"], odd["request_id"]) == (
        '\'=HYPERLINK("http://evil")',
        "'@x",
        "'+1",
    )


def test_an_export_is_logged_itself(client, admin, logged):
    lines(client, admin, since=NOON.isoformat())
    newest = client.get("/api/v1/admin/audit-events", headers=admin.headers).json()["items"][0]
    assert (newest["action"], newest["actor_id"]) == ("admin.audit-exported", str(admin.id))
    assert newest["details"] == {"since": NOON.isoformat(), "until": None}


def test_only_administrators_take_it_away(client, user):
    assert client.get(LOG, headers=user.headers).status_code == 403
    assert client.get(LOG).status_code == 401


@pytest.mark.parametrize(
    "params",
    [
        {"since": "yesterday"},
        {"since": "2026-11-22T12:00:00"},
        {"until": "0"},
        {"since": "0001-01-01T00:00:00+10:00"},
        {"format": "xlsx"},
    ],
)
def test_what_makes_no_sense_is_refused(client, admin, params):
    assert client.get(LOG, params=params, headers=admin.headers).status_code == 422


def test_an_empty_log_is_an_empty_file(client, admin):
    late = "2101-01-01T00:00:00Z"
    assert lines(client, admin, since=late).text == ""
    assert lines(client, admin, since=late, format="csv").text.splitlines() == [
        ",".join(audit_export.COLUMNS)
    ]
