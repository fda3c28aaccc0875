"""Where files lie in the object store, and what kinds of recordings there are.

1. ``audio/<2 hex>/<sha256>.<suffix>``: a recording, once for all who gave it.
2. ``results/<transcription>/<attempt>/<format>``: the finished files, and ``…/heard``: what the network heard, for
   writing it anew.
3. ``uploads/<upload>/<piece>``: pieces of resumable uploads, until they are complete.
4. ``stages/<key>``: results of slow stages, shared by content; may go at any time.
5. ``edits/<transcription>/<sha256>``: the tab JSON of an edited revision, compressed.
6. ``exports/<transcription>/<content>/<format>``: files made on demand; may go at any time.
7. ``stems/<2 hex>/<key>/<stem>.wav``: the stems of a recording that was taken apart, once for all who gave it, and
   ``…/source.json``: what they were taken from; it is written last.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from genesis_music.service.jobs.contract import Work

AUDIO, RESULTS, UPLOADS, STAGES, STEMS = "audio", "results", "uploads", "stages", "stems"
EDITS, EXPORTS = "edits", "exports"
HEARD = "heard"
STEM_SUFFIX = ".wav"

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {"mov": "m4a", "matroska": "webm", "asf": "wma", "mpegts": "ts", "avi": "avi"}
)
"""File suffixes of FFmpeg's containers, where they differ from the container's name."""

MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "aac": "audio/aac",
        "aiff": "audio/aiff",
        "amr": "audio/amr",
        "avi": "video/x-msvideo",
        "flac": "audio/flac",
        "m4a": "audio/mp4",
        "mp3": "audio/mpeg",
        "ogg": "audio/ogg",
        "ts": "video/mp2t",
        "wav": "audio/wav",
        "webm": "audio/webm",
        "wma": "audio/x-ms-wma",
    }
)
"""What servers call recordings, by suffix."""

UNKNOWN_MEDIA_TYPE = "application/octet-stream"


def audio_key(sha256: str, container: str) -> str:
    """Key of a recording with that content; ``container`` is FFmpeg's name."""
    return f"{AUDIO}/{sha256[:2]}/{sha256}.{SUFFIXES.get(container, container)}"


def audio_suffix(key: str) -> str:
    """Suffix of a recording's key, without the dot."""
    return key.rpartition(".")[2]


def media_type(key: str) -> str:
    """What servers call the recording under a key."""
    return MEDIA_TYPES.get(audio_suffix(key), UNKNOWN_MEDIA_TYPE)


def stems_prefix(key: str) -> str:
    """Folder of the stems that the pipeline keeps under a key."""
    return f"{STEMS}/{key[:2]}/{key}"


def result_prefix(work: Work) -> str:
    """Folder of one attempt's files, so that a late loser deletes only its own."""
    return f"{results_prefix(work.transcription_id)}/{work.job_id}-{work.attempt}"


def results_prefix(transcription_id: UUID) -> str:
    """Folder of all results of a transcription."""
    return f"{RESULTS}/{transcription_id}"


def upload_prefix(upload_id: UUID) -> str:
    """Folder of a resumable upload's pieces."""
    return f"{UPLOADS}/{upload_id}"


def edits_prefix(transcription_id: UUID) -> str:
    """Folder of all edited documents of a transcription."""
    return f"{EDITS}/{transcription_id}"


def exports_prefix(transcription_id: UUID) -> str:
    """Folder of all files of a transcription that were made on demand."""
    return f"{EXPORTS}/{transcription_id}"
