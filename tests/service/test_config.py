"""Settings from the environment: what is wrong is named by its variable."""

import pytest

from genesis_music.errors import InputError, SettingsError
from genesis_music.service.config import ServiceSettings, checked_settings
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


WRONG = {
    "MODE": "cloud",
    "PUBLIC_URL": "tabs.example.org",
    "SUPPORT_EMAIL": "somebody",
    "DATABASE_URL": "mysql://host/genesis",
    "DATABASE_REPLICA_URL": "postgres://host/genesis",
    "REDIS_URL": "http://127.0.0.1",
    "STORAGE_URL": "gs://bucket",
    "STORAGE_ACCESS_KEY": "half a pair",
    "STORAGE_SECRET_KEY": "half a pair",
    "STORAGE_ENCRYPTION": "rot13",
    "SECRET_KEYS": "short",
    "ACCESS_TOKEN_SECONDS": "0",
    "REFRESH_TOKEN_SECONDS": "a month",
    "ADMIN_EMAILS": "ada",
    "SIGN_UP_OPEN": "perhaps",
    "CORS_ORIGINS": "https://a.example.org/page",
    "TRUSTED_PROXIES": "my-proxy",
    "ALLOWED_URL_HOSTS": "https://youtube.com",
    "RATE_LIMIT_PER_MINUTE": "0",
    "RATE_LIMITS_ENABLED": "2",
    "MAX_UPLOAD_BYTES": "500 MB",
    "MAX_BODY_BYTES": "-1",
    "MAX_DURATION_SECONDS": "nan",
    "MAX_CHANNELS": "0",
    "MAX_ACTIVE_JOBS": "0",
    "UPLOAD_LIFETIME_SECONDS": "0",
    "WORKER_PROCESSES": "0",
    "METRICS_PORT": "0",
    "OTLP_ENDPOINT": "otel-collector:4318",
    "GPU_AVAILABLE": "one",
    "MAX_ATTEMPTS": "0",
    "ATTEMPT_SECONDS": "0",
    "KILL_AFTER_SECONDS": "-1",
    "LEASE_SECONDS": "5",
    "EMAIL_FROM": "nobody",
    "SENTRY_DSN": "my-sentry",
    "WEB_SENTRY_DSN": "my sentry",
    "ANALYTICS_ID": "UA-1",
    "SEPARATION_AVAILABLE": "perhaps",
    "WEBHOOK_PRIVATE_HOSTS": "http://inside/",
}
"""A value that makes no sense, for every setting that has a form."""

ANYTHING = {"RELEASE", "ENVIRONMENT", "DATA_DIR"}
CHECKED_LATER = {"SMTP_URL", "WEB_DIR", "WORKER_QUEUES"}
"""Looked at by who needs them, still before the process begins: see test_starting.py."""


@pytest.mark.parametrize("name", WRONG)
def test_a_value_that_makes_no_sense_stops_the_start_with_its_name(environment, name):
    environment.setenv(f"GENESIS_{name}", WRONG[name])
    with pytest.raises(SettingsError) as refusal:
        checked_settings()
    assert f"GENESIS_{name}" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_every_setting_is_tried():
    settings = {name.upper() for name in ServiceSettings.model_fields}
    assert settings == set(WRONG) | ANYTHING | CHECKED_LATER


@pytest.mark.parametrize("name", COMPLETE)
def test_what_is_missing_is_named_with_what_it_should_be(environment, name):
    environment.delenv(name)
    with pytest.raises(SettingsError, match=rf"{name}.*(://|openssl)"):
        checked_settings()


def test_all_that_is_missing_is_said_at_once(environment):
    for name in COMPLETE:
        environment.delenv(name)
    with pytest.raises(SettingsError) as refusal:
        checked_settings()
    assert all(name in str(refusal.value) for name in COMPLETE)


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("GENESIS_DATABSE_URL", "GENESIS_DATABASE_URL"),
        ("GENESIS_SECRET_KEY", "GENESIS_SECRET_KEYS"),
        ("GENESIS_TRUSTED_PROXYS", "GENESIS_TRUSTED_PROXIES"),
        ("GENESIS_MAX_UPLOAD_BYTE", "GENESIS_MAX_UPLOAD_BYTES"),
    ],
)
def test_a_slip_in_a_name_is_not_passed_over(environment, slip, meant):
    environment.setenv(slip, "x")
    with pytest.raises(SettingsError, match=f"{slip}.*{meant}"):
        checked_settings()


@pytest.mark.parametrize(
    "name",
    [
        "GENESIS_BACKUP_URL",
        "GENESIS_BACKUP_DATABASE_URL",
        "GENESIS_BACKUP_ACCESS_KEY",
        "GENESIS_API_SERVICE_HOST",
    ],
)
def test_names_of_others_are_nobody_s_slip(environment, name):
    environment.setenv(name, "x")
    checked_settings()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://genesis:hunter2/x@host/genesis",
        "postgresql+psycopg://genesis:hunter2@host",
        "postgres://genesis:hunter2@host/genesis",
    ],
)
def test_a_password_in_a_wrong_address_is_not_repeated(environment, url):
    environment.setenv("GENESIS_DATABASE_URL", url)
    with pytest.raises(SettingsError, match="GENESIS_DATABASE_URL: must look like") as refusal:
        checked_settings()
    assert "hunter2" not in str(refusal.value)


def test_secrets_come_from_files(environment, tmp_path):
    for name in ("GENESIS_SECRET_KEYS", "GENESIS_DATABASE_URL"):
        environment.delenv(name)
        (tmp_path / name.lower()).write_text(COMPLETE[name] + "\n")
    environment.setenv("GENESIS_SECRETS_DIR", str(tmp_path))
    assert checked_settings().secret_keys[0].get_secret_value() == COMPLETE["GENESIS_SECRET_KEYS"]


def test_a_folder_of_secrets_that_is_not_there_is_named(environment, tmp_path):
    environment.setenv("GENESIS_SECRETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match=r"GENESIS_SECRETS_DIR: there is no folder .*nowhere"):
        checked_settings()


def test_a_secret_that_cannot_be_read_is_named(environment, tmp_path):
    environment.setenv("GENESIS_SECRETS_DIR", str(tmp_path))
    (tmp_path / "genesis_secret_keys").write_bytes(b"\xff\xfe" * 40)
    with pytest.raises(
        SettingsError, match=r"GENESIS_SECRET_KEYS: the file .* cannot be read: it is no text"
    ):
        checked_settings()
    (tmp_path / "genesis_secret_keys").unlink()
    (tmp_path / "genesis_smtp_url").mkdir()
    with pytest.raises(SettingsError, match=r"GENESIS_SMTP_URL: the file .* cannot be read"):
        checked_settings()


def test_a_slip_in_the_name_of_a_secret_s_file_is_not_passed_over(environment, tmp_path):
    environment.setenv("GENESIS_SECRETS_DIR", str(tmp_path))
    (tmp_path / "genesis_secret_key").write_text("x" * 40)
    with pytest.raises(SettingsError, match=r"GENESIS_SECRET_KEY:.*GENESIS_SECRET_KEYS is meant"):
        checked_settings()


def test_a_slash_at_the_end_of_the_public_address_does_not_matter(environment):
    environment.setenv("GENESIS_PUBLIC_URL", "https://tabs.example.org/")
    assert checked_settings().public_url == "https://tabs.example.org"


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
