"""``genesis doctor`` in production."""

import sys

import pytest

from genesis_music import doctor
from genesis_music.service.doctor import examine_service
from genesis_music.service.serve import environment_of
from tests.service.smtp_server import running_smtp_server


@pytest.fixture
def findings(postgres_platform, monkeypatch):
    """What doctor finds with the platform's settings and the given changes."""
    for name, value in environment_of(postgres_platform.settings).items():
        monkeypatch.setenv(name, value)

    def examine(**changes):
        for name, value in changes.items():
            monkeypatch.setenv(name, value)
        return {check.name: check for check in examine_service()}

    return examine


def test_everything_that_answers_is_well(findings):
    found = findings()
    assert all(found[name].ok for name in ("database", "replica", "redis", "storage"))


def test_a_missing_setting_is_named(findings):
    assert "GENESIS_REDIS_URL" in findings(GENESIS_REDIS_URL="")["settings"].detail


def test_what_does_not_answer_is_named(findings):
    found = findings(GENESIS_REDIS_URL="redis://127.0.0.1:1/0")
    assert not found["redis"].ok and "GENESIS_REDIS_URL" in found["redis"].remedy
    assert found["database"].ok


def test_a_mail_server_is_asked_and_what_is_wrong_is_said(findings):
    assert not findings()["mail"].ok and not findings()["mail"].required
    with running_smtp_server() as server:
        assert findings(GENESIS_SMTP_URL=server.url)["mail"].ok
        assert server.messages == []
    away = findings(GENESIS_SMTP_URL=server.url)["mail"]
    assert not away.ok and away.required and "does not answer" in away.detail
    assert "GENESIS_SMTP_URL" in away.remedy
    odd = findings(GENESIS_SMTP_URL="smpt://mail.example.org")["mail"]
    assert not odd.ok and "must look like" in odd.detail


@pytest.mark.parametrize(("mode", "required"), [("production", False), ("embedded", True)])
def test_only_an_api_server_can_do_without_the_neural_network(monkeypatch, mode, required):
    monkeypatch.setenv("GENESIS_MODE", mode)
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    [engine] = [check for check in doctor.examine() if check.name == "engine"]
    assert (engine.ok, engine.required) == (False, required)
