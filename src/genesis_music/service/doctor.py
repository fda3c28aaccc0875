"""``genesis doctor`` in production: are the settings complete, and does everything answer at its address."""

from __future__ import annotations

from collections.abc import Callable

from genesis_music.doctor import Check
from genesis_music.errors import GenesisError
from genesis_music.service.config import ServiceSettings, checked_settings
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.mail import examine_mail
from genesis_music.service.platform.revision import known_revisions, newest_file, present_revision
from genesis_music.service.starting import examine_redis, examine_replica, examine_storage
from genesis_music.service.wiring import service_platform


def examine_service() -> tuple[Check, ...]:
    """Look at the settings of the environment and at all that they point to."""
    try:
        settings = checked_settings()
        with service_platform(settings) as platform:
            return (_settings(settings), *_parts(platform))
    except GenesisError as error:
        return (Check("settings", False, True, str(error), "set what is missing in the environment"),)


def _settings(settings: ServiceSettings) -> Check:
    local = settings.public_url.startswith("https://") or settings.embedded
    remedy = "set GENESIS_PUBLIC_URL to the address that users see, with https://"
    return Check("settings", local, False, f"{settings.mode}, at {settings.public_url}", remedy)


def _parts(platform: Platform) -> tuple[Check, ...]:
    settings = platform.settings
    checks = [
        _check("database", lambda: _tables(platform), "see GENESIS_DATABASE_URL"),
        _check("redis", lambda: examine_redis(platform), "see GENESIS_REDIS_URL"),
        _check("storage", lambda: examine_storage(platform), "see GENESIS_STORAGE_URL and its keys"),
    ]
    if settings.database_replica_url:
        checks.insert(
            1, _check("replica", lambda: examine_replica(settings), "see GENESIS_DATABASE_REPLICA_URL")
        )
    return (*checks, _mail(settings))


def _mail(settings: ServiceSettings) -> Check:
    url = settings.smtp_url.get_secret_value()
    if not url:
        return Check("mail", False, False, "no mail server: nobody gets e-mail", "set GENESIS_SMTP_URL")
    return _check("mail", lambda: examine_mail(url), "see GENESIS_SMTP_URL and GENESIS_EMAIL_FROM")


def _check(name: str, look: Callable[[], str], remedy: str) -> Check:
    """Run a check; whatever it raises is its finding."""
    try:
        return Check(name, True, True, look())
    except Exception as error:
        reason = str(error).split("\n", 1)[0]
        return Check(name, False, True, f"{type(error).__name__}: {reason}", remedy)


def _tables(platform: Platform) -> str:
    present, newest = present_revision(platform.database.primary), newest_file()
    if present is not None and present not in known_revisions():
        return f"answers; its tables are of version {present}, of a newer program"
    if present != newest:
        return f"answers; its tables are of version {present or 'none'}, {newest} is made at the next start"
    return f"answers; its tables are of version {present}"
