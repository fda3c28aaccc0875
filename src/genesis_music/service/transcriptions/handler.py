"""The work of a job: a recording, or what was heard in it, to the finished files and the row's facts."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from genesis_music.cache import user_cache_folder
from genesis_music.errors import AudioError, InputError
from genesis_music.formats.registry import choose_formats
from genesis_music.formats.written import Page
from genesis_music.pipeline.arrange import arrange
from genesis_music.pipeline.clock import Clock
from genesis_music.pipeline.hear import hear
from genesis_music.pipeline.heard import Heard, from_bytes, to_bytes
from genesis_music.progress import ProgressCallback, Stage
from genesis_music.score import Transcription as Music
from genesis_music.service.jobs.contract import Work
from genesis_music.service.jobs.states import JobGoneError
from genesis_music.service.jobs.tables import Job, JobKind, JobStatus
from genesis_music.service.platform.container import Platform
from genesis_music.service.platform.database import after_commit, utc_now
from genesis_music.service.platform.media import MediaError
from genesis_music.service.platform.storage import StorageMissingError, StorageUnavailableError
from genesis_music.service.transcriptions import keys
from genesis_music.service.transcriptions.documents import ANALYSIS, TAB
from genesis_music.service.transcriptions.downloads import download
from genesis_music.service.transcriptions.facts import facts_of
from genesis_music.service.transcriptions.names import LONGEST_TITLE, clean_line
from genesis_music.service.transcriptions.notifications import announce
from genesis_music.service.transcriptions.options import stored_options
from genesis_music.service.transcriptions.recordings import (
    check_recording,
    claim_recording,
    keep_recording,
    release_recording,
)
from genesis_music.service.transcriptions.repository import TranscriptionRepository, lock_content
from genesis_music.service.transcriptions.revision_repository import RevisionRepository
from genesis_music.service.transcriptions.revision_tables import RevisionKind
from genesis_music.service.transcriptions.scratch import scratch_folder
from genesis_music.service.transcriptions.spool import Received
from genesis_music.service.transcriptions.stage_cache import StoredStages
from genesis_music.service.transcriptions.stems import StoredStems, claim_stems, release_stems
from genesis_music.service.transcriptions.summaries import analysis_summary, tab_summary
from genesis_music.service.transcriptions.tables import Transcription
from genesis_music.service.transcriptions.watch import watch_result
from genesis_music.settings import Settings

log = logging.getLogger(__name__)

KEEPING_TRIES = 3
"""A recording may be deleted by its last other owner while it is being kept."""
_SUMMARIES = {JobKind.TRANSCRIBE: "Transcribed", JobKind.RETAB: "Written anew"}


@dataclass(frozen=True, slots=True)
class _Stored:
    """What one attempt has put into the store."""

    music: Music
    prefix: str
    files: int
    stems: str | None
    tab: dict[str, Any]
    analysis: dict[str, Any]


class TranscriptionHandler:
    """A :class:`~genesis_music.service.jobs.contract.JobHandler`: the pipeline between the store and the database."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def run(self, work: Work, progress: ProgressCallback) -> Callable[[Session], None]:
        """Do the work; return what stores the result (see the protocol).

        Raises:
            InputError: the recording, the link or the options are of no use.
            GenesisError: something of ours failed; try again.
        """
        settings = stored_options(work.options).settings()
        clock = Clock(progress)
        heard = self._kept(work) if work.kind is JobKind.RETAB else self._hear(work, settings, clock)
        music = arrange(heard, settings, clock)
        music = replace(music, source=replace(music.source, title=self._row(work).title))
        stored = self._write(music, heard, work, clock)
        watch_result(heard, settings, clock)
        return lambda session: self._store(session, work, stored)

    def changed(self, session: Session, job: Job) -> None:
        """Show the newest job's state as the transcription's; one that ended in vain leaves an older result alone."""
        transcriptions = TranscriptionRepository(session)
        row = transcriptions.find_by_id(job.transcription_id)
        newest = transcriptions.newest_job(job.transcription_id)
        if row is None or newest is None or newest.id != job.id:
            return
        if row.result_prefix is not None and job.status in (JobStatus.FAILED, JobStatus.CANCELLED):
            transcriptions.update(row, status=JobStatus.COMPLETE, progress=100)
        else:
            transcriptions.update(row, status=job.status, progress=job.progress)

    def clean_up(self, work: Work) -> None:
        """Delete an unfinished attempt's files; a result stays."""
        prefix = keys.result_prefix(work)
        with self._platform.database.writing() as session:
            lock_content(session, prefix)
            if not RevisionRepository(session).knows(prefix):
                self._platform.storage.delete_prefix(prefix)

    def ended(self, session: Session, job: Job) -> None:
        """Tell the user's webhooks and mailbox."""
        announce(session, job, self._platform)

    def _row(self, work: Work) -> Transcription:
        """The row from the primary: a replica may not have it yet."""
        with Session(self._platform.database.primary) as session:
            row = TranscriptionRepository(session).find_by_id(work.transcription_id)
        if row is None:
            raise JobGoneError("The transcription was deleted.")
        return row

    def _kept(self, work: Work) -> Heard:
        """What was heard when the recording was transcribed."""
        row = self._row(work)
        if row.heard_path is None:
            raise InputError("Nothing was heard in this recording yet: transcribe it first.")
        try:
            heard = from_bytes(self._platform.storage.get(row.heard_path))
        except StorageMissingError:
            heard = None
        if heard is None:
            raise InputError("What was heard in this recording is no longer there: transcribe it again.")
        return heard

    def _hear(self, work: Work, settings: Settings, clock: Clock) -> Heard:
        with scratch_folder() as folder:
            path = self._fetch(self._row(work), work, folder, clock)
            storage, local = self._platform.storage, user_cache_folder() / "stems"
            return hear(
                path,
                settings,
                StoredStages(storage),
                clock,
                stems_folder=local,
                stem_store=StoredStems(storage),
            )

    def _fetch(self, row: Transcription, work: Work, folder: Path, clock: Clock) -> Path:
        """Bring the recording onto this machine: from the store, or from its link the first time."""
        if row.audio_path is None:
            with clock.stage(Stage.LOADING) as on_fraction:
                return self._download(row, work, folder, on_fraction)
        path = folder / "recording"
        try:
            self._platform.storage.download(row.audio_path, path)
        except StorageMissingError as error:
            raise InputError("The recording is no longer in the store: give it again.") from error
        return path

    def _download(
        self, row: Transcription, work: Work, folder: Path, on_fraction: Callable[[float], None]
    ) -> Path:
        received, title = download(str(row.source_url), folder, self._platform, on_fraction)
        try:
            facts = check_recording(received, self._platform)
        except MediaError as error:  # the user's to mend: trying again is in vain
            raise AudioError(str(error)) from error
        for _ in range(KEEPING_TRIES):
            key = keep_recording(received, facts, self._platform)
            try:
                if self._keep_for(work, received, key, facts.title or title, facts.duration_seconds):
                    return received.path
            except JobGoneError:
                release_recording(key, self._platform)
                raise
        raise StorageUnavailableError("The downloaded recording could not be kept; try again.")

    def _keep_for(self, work: Work, received: Received, key: str, title: str, seconds: float) -> bool:
        """Note the downloaded recording at once, so that another attempt does not download it again."""
        with self._platform.database.writing() as session:
            if not claim_recording(session, key, self._platform):
                return False
            transcriptions = TranscriptionRepository(session)
            row = transcriptions.find_by_id(work.transcription_id)
            if row is None:
                raise JobGoneError("The transcription was deleted.")
            title = row.title if row.title != row.source_url else clean_line(title, LONGEST_TITLE)
            facts = {"title": title, "source_sha256": received.sha256, "duration_seconds": round(seconds)}
            transcriptions.update(row, audio_path=key, **facts)
        return True

    def _write(self, music: Music, heard: Heard, work: Work, clock: Clock) -> _Stored:
        store, prefix, formats, page = (
            self._platform.storage,
            keys.result_prefix(work),
            choose_formats(None),
            Page(music),
        )
        documents: dict[str, Any] = {}
        with clock.stage(Stage.WRITING) as on_fraction:
            store.put_bytes(f"{prefix}/{keys.HEARD}", to_bytes(heard))
            for index, one in enumerate(formats, 1):
                content = one.write_page(page)
                store.put_bytes(f"{prefix}/{one.name}", content)
                if one.name in {TAB, ANALYSIS}:
                    documents[one.name] = json.loads(content)
                on_fraction(index / len(formats))
        return _Stored(music, prefix, 1 + len(formats), heard.stems, documents[TAB], documents[ANALYSIS])

    def _store(self, session: Session, work: Work, stored: _Stored) -> None:
        """Make a revision of the result, and put its facts into the row.

        An attempt that another one has overtaken may clean up under the same name: then this one has to be repeated.
        """
        lock_content(session, stored.prefix)
        if sum(1 for _ in self._platform.storage.list(stored.prefix)) != stored.files:
            raise StorageUnavailableError("The result's files were cleaned up too early; try again.")
        transcriptions = TranscriptionRepository(session)
        row = transcriptions.find_by_id(work.transcription_id)
        if row is None:
            raise JobGoneError("The transcription was deleted.")
        old_stems, stems = row.stems_prefix, claim_stems(session, stored.stems, self._platform.storage)
        facts = _facts(stored) | {"stems_prefix": stems}
        transcriptions.update(row, options=work.options, completed_at=utc_now(), **facts)
        RevisionRepository(session).append(
            row,
            kind=RevisionKind.MACHINE,
            summary=_SUMMARIES[work.kind],
            document=f"{stored.prefix}/{TAB}",
            prefix=stored.prefix,
        )
        if old_stems and old_stems != stems:
            after_commit(session, lambda: self._let_go(old_stems))

    def _let_go(self, stems: str) -> None:
        """Delete the stems of an earlier result if nobody else has them."""
        try:
            release_stems(stems, self._platform)
        except (StorageUnavailableError, SQLAlchemyError):
            log.warning("stems of an earlier result are left for the sweep", exc_info=True)


def _facts(stored: _Stored) -> dict[str, Any]:
    """Columns of the row that a result fills."""
    return facts_of(stored.tab) | {
        "tab_data": tab_summary(stored.tab),
        "theory_analysis": analysis_summary(stored.analysis),
        "result_prefix": stored.prefix,
        "heard_path": f"{stored.prefix}/{keys.HEARD}",
        "midi_path": f"{stored.prefix}/mid",
        "duration_seconds": round(stored.music.source.duration_seconds),
    }
