"""E-mails about accounts, sent after the request was answered: how long that takes tells nobody anything."""

from __future__ import annotations

import logging

from redis.exceptions import RedisError

from genesis_music.errors import GenesisError
from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.passwords import RESET_LIFETIME, begin_reset
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.mail import can_send_mail, send_mail

log = logging.getLogger(__name__)

_FORGOTTEN = """Hello,

somebody, probably you, asked for a new password for Genesis Music. Set it here within {minutes} minutes:

{public_url}/reset-password#token={token}

If it was not you, do nothing: your password stays as it is.
"""
_CHANGED = """Hello,

the password of your account at {public_url} was changed just now, and your other devices were signed out.

If it was not you, ask for a new password at once:

{public_url}/forgot-password
"""


def write_forgotten(platform: Platform, email: str, info: RequestInfo) -> None:
    """Send a link for a new password if the address has an account, or nothing."""
    try:
        reset = begin_reset(platform, email, info)
        if reset is None:
            return
        text = _FORGOTTEN.format(
            public_url=platform.settings.public_url,
            token=reset.token,
            minutes=int(RESET_LIFETIME.total_seconds() // 60),
        )
        send_mail(platform, reset.email, "A new password for Genesis Music", text)
    except (GenesisError, RedisError) as error:
        log.warning("no e-mail for a forgotten password could be sent: %s", error)


def write_changed(platform: Platform, email: str) -> None:
    """Tell a user that the password was changed, where e-mail is configured."""
    if not can_send_mail(platform):
        return
    try:
        text = _CHANGED.format(public_url=platform.settings.public_url)
        send_mail(platform, email, "Your Genesis Music password was changed", text)
    except GenesisError as error:
        log.warning("no e-mail about a changed password could be sent: %s", error)
