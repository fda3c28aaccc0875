"""What can go wrong with backups; every message is one sentence for an operator."""

from __future__ import annotations

from genesis_music.errors import GenesisError


class BackupError(GenesisError):
    """A backup could not be taken or restored."""


class DamagedBackupError(BackupError):
    """What is stored is not what was stored."""


class WrongKeyError(BackupError):
    """The identity cannot open this backup."""


class MissingWalError(BackupError):
    """The write-ahead log has a gap."""


class NoBackupError(BackupError):
    """There is no backup that could serve."""


class NoSpaceError(BackupError):
    """The disk is too small for what is to be restored."""
