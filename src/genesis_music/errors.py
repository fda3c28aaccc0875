"""One family of errors. Every message says what went wrong and what to do about it, in one line."""


class GenesisError(Exception):
    """Root of every error that Genesis raises on purpose."""


class InputError(GenesisError):
    """The caller's input cannot be used as it is (exit code 2 on the command line)."""


class AudioError(InputError):
    """The recording cannot be read: empty, damaged, protected, without sound, or not audio at all."""


class DownloadError(InputError):
    """A link cannot be fetched: host not allowed, private, removed, too long, bot check, no network."""


class TransientDownloadError(DownloadError):
    """A link that could not be fetched just now: no network, a busy site; the same may work later."""


class SettingsError(InputError):
    """An option has a value that makes no sense, or two options contradict each other."""


class ScoreError(InputError):
    """A score file (MIDI, MusicXML, Guitar Pro, tab JSON) cannot be read."""


class EditError(InputError):
    """An edit of a finished transcription cannot be made; ``edit`` says which of several (from 0)."""

    def __init__(self, message: str, edit: int = 0) -> None:
        super().__init__(message)
        self.edit = edit


class MissingExtraError(InputError):
    """An optional part is not installed; the message says which command installs it."""


class OutputError(InputError):
    """Results cannot be written: no permission, disk full, or the path is in use."""


class EngineError(GenesisError):
    """A model file is missing, damaged or incompatible with the installed runtime."""
