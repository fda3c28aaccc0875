"""``genesis doctor`` in production."""

import pytest

from genesis_music.service.doctor import examine_service
from genesis_music.service.serve import environment_of


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
