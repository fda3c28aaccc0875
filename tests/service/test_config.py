"""Settings from the environment: what is wrong is named by its variable."""

import pytest

from genesis_music.errors import InputError, SettingsError
from genesis_music.service.config import checked_settings
from genesis_music.service.serve import serve_production

COMPLETE = {
    "GENESIS_DATABASE_URL": "sqlite://",
    "GENESIS_REDIS_URL": "redis://127.0.0.1",
    "GENESIS_STORAGE_URL": "memory://",
    "GENESIS_SECRET_KEYS": "a secret of the tests that is long enough",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_proxies_are_addresses_and_networks(environment):
    environment.setenv("GENESIS_TRUSTED_PROXIES", "10.0.0.0/8, 192.168.1.5,::1, 10.1.2.3/16")
    assert checked_settings().trusted_proxies == ("10.0.0.0/8", "192.168.1.5", "::1", "10.1.2.3/16")


def test_no_proxies_can_be_trusted(environment):
    environment.setenv("GENESIS_TRUSTED_PROXIES", "")
    assert checked_settings().trusted_proxies == ()


@pytest.mark.parametrize("wrong", ["proxy.example.org", "10.0.0.0/33", "*", "10.0.0", "10.0.0.1;10.0.0.2"])
def test_a_proxy_that_is_no_address_is_named_with_its_variable(environment, wrong):
    environment.setenv("GENESIS_TRUSTED_PROXIES", f"127.0.0.1,{wrong}")
    with pytest.raises(SettingsError, match=r"GENESIS_TRUSTED_PROXIES.*no address or network") as refusal:
        checked_settings()
    assert repr(wrong) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_wrong_secret_is_not_repeated(environment):
    environment.setenv("GENESIS_SECRET_KEYS", "short-secret")
    with pytest.raises(SettingsError, match="GENESIS_SECRET_KEYS") as refusal:
        checked_settings()
    assert "short-secret" not in str(refusal.value)


@pytest.mark.parametrize("wrong", ["0", "65536", "-1", "metrics", "9464.5"])
def test_a_metrics_port_that_is_none_is_named(environment, wrong):
    environment.setenv("GENESIS_METRICS_PORT", wrong)
    with pytest.raises(SettingsError, match="GENESIS_METRICS_PORT"):
        checked_settings()


def test_without_a_metrics_port_nothing_is_counted(environment):
    environment.setenv("GENESIS_METRICS_PORT", "")
    assert checked_settings().metrics_port is None


@pytest.mark.parametrize("wrong", ["otel-collector:4318", "grpc://collector:4317", "http://", "4318"])
def test_a_collector_without_an_address_is_named(environment, wrong):
    environment.setenv("GENESIS_OTLP_ENDPOINT", wrong)
    with pytest.raises(SettingsError, match=r"GENESIS_OTLP_ENDPOINT.*http://otel-collector:4318"):
        checked_settings()


def test_the_public_port_does_not_show_metrics(environment):
    environment.setenv("GENESIS_METRICS_PORT", "8000")
    with pytest.raises(InputError, match="GENESIS_METRICS_PORT: 8000 is the public port"):
        serve_production("127.0.0.1", 8000, 1)
