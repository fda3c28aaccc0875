"""A recording → the notes of each part: load, normalise, denoise, separate, listen. The costly half."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from genesis_music.audio.decode import check_readable
from genesis_music.audio.denoise import denoise, needs_denoising
from genesis_music.audio.load import LoadSettings, Recording, file_sha256
from genesis_music.audio.loudness import normalise
from genesis_music.audio.recording import Audio, duration_seconds
from genesis_music.cache import StageCache, cache_key, sweep
from genesis_music.errors import SettingsError
from genesis_music.pipeline.clock import Clock
from genesis_music.pipeline.heard import Heard, Part, from_bytes, to_bytes
from genesis_music.progress import Stage
from genesis_music.score import SourceInfo
from genesis_music.separation.separator import (
    MIX,
    NoSeparator,
    NoStemStore,
    Separator,
    Stems,
    StemStore,
    StemTrack,
    tracks_of,
)
from genesis_music.settings import AUTO, Settings
from genesis_music.tablature.heard_strings import HEARD_STRINGS
from genesis_music.tablature.tunings import INSTRUMENTS, Instrument, parse_tuning
from genesis_music.transcription.ahead import one_ahead
from genesis_music.transcription.decoder import DecoderSettings, decode_notes
from genesis_music.transcription.engine import Activations, Engine
from genesis_music.transcription.engines import ENGINES, choose_engine, get_engine, models_fingerprint
from genesis_music.transcription.stiffness import with_inharmonicity
from genesis_music.version import __version__

LOWEST_DETUNING_SEMITONES = 12
"""Eight-string and drop tunings reach about this far below the usual lowest string."""

LEAK_LU = 25.0
"""A stem this much below the loudest one is not an instrument."""
MAX_KEPT_STEM_BYTES = 4 * 1024**3


def hear(
    path: Path,
    settings: Settings,
    cache: StageCache,
    clock: Clock,
    *,
    stems_folder: Path,
    stem_store: StemStore = NoStemStore(),
) -> Heard:
    """Return the notes of every part of a recording, from the cache when the same was heard before.

    Stems are kept in ``stems_folder`` on this machine, and in ``stem_store`` for all: what was heard in stems that
    are no longer there is heard again.

    Raises:
        AudioError, InputError: the file cannot be used (see ``load_audio``).
        SettingsError: the engine is unknown, or the start lies after the end of the recording.
        MissingExtraError: separation is asked for but not installed.
    """
    engine_name = engine_for(settings.instrument, settings)
    check_readable(path)
    key = cache_key(
        "heard-4",
        __version__,
        models_fingerprint(),
        file_sha256(path),
        engine_name,
        *_hearing_settings(settings),
    )
    kept = cache.get(key)
    known = from_bytes(kept) if kept else None
    if known is not None and (known.stems is None or stem_store.has(known.stems)):
        return known
    heard = _listen(path, settings, clock, _separator(settings, stems_folder, stem_store))
    cache.put(key, to_bytes(heard))
    return heard


def _hearing_settings(settings: Settings) -> tuple[object, ...]:
    span = (settings.start_seconds, settings.end_seconds)
    return (settings.engine, settings.instrument, span, settings.separate, settings.denoise)


def engine_for(instrument: str, settings: Settings) -> str:
    """The name of the engine that listens to an instrument.

    Raises:
        SettingsError: the engine or the tuning is unknown.
    """
    chosen = instrument == settings.instrument and settings.tuning not in {"", AUTO}
    tuning = parse_tuning(settings.tuning) if chosen else INSTRUMENTS[instrument].tuning
    return choose_engine(settings.engine, min(tuning.pitches_midi))


def _listen(path: Path, settings: Settings, clock: Clock, separator: Separator) -> Heard:
    load = LoadSettings(settings.start_seconds, settings.end_seconds)
    stage = Stage.SEPARATING if settings.separate else Stage.LOADING
    engines = {name: get_engine(name) for name in ENGINES}  # a model is loaded when it is first used
    (sample_rate_hz,) = {engine.sample_rate_hz for engine in engines.values()}
    with ExitStack() as stack:
        with clock.stage(stage) as on_fraction:
            stems = stack.enter_context(
                separator.separate(
                    path, sample_rate_hz=sample_rate_hz, settings=load, on_fraction=on_fraction
                )
            )
        tracks = _audible(tracks_of(stems), stems)
        names = [engine_for(_instrument(track, settings), settings) for track in tracks]
        with clock.stage(Stage.LISTENING) as on_fraction:
            parts = tuple(
                _part(
                    stems[track.stem], track, engines[name], settings, _share(on_fraction, index, len(tracks))
                )
                for index, (track, name) in enumerate(zip(tracks, names, strict=True))
            )
        facts, key = next(iter(stems.values())).facts, stems.key
    source = SourceInfo(
        title=facts.title,
        duration_seconds=facts.duration_seconds,
        sample_rate_hz=facts.source_sample_rate_hz,
        sha256=facts.sha256,
        start_seconds=settings.start_seconds,
    )
    return Heard(source, ", ".join(dict.fromkeys(names)), parts, facts.warnings, key)


def _separator(settings: Settings, stems_folder: Path, store: StemStore) -> Separator:
    if settings.separate is None:
        return NoSeparator()
    from genesis_music.separation.demucs import DemucsSeparator

    if stems_folder.exists():
        sweep(stems_folder, MAX_KEPT_STEM_BYTES)
    return DemucsSeparator(settings.separate, cache_folder=stems_folder, store=store)


def _audible(tracks: Sequence[StemTrack], stems: Stems) -> list[StemTrack]:
    """Leave out stems that hold only what leaked from others: raised to full level they would turn into notes.

    Raises:
        SettingsError: the model takes nothing fretted out of a recording.
    """
    if not tracks:
        raise SettingsError(
            f"This model separates only {', '.join(stems)}: choose one with a guitar, bass or other."
        )
    loudness = {track.stem: stems[track.stem].facts.loudness_lufs for track in tracks}
    return [track for track in tracks if loudness[track.stem] >= max(loudness.values()) - LEAK_LU]


def _share(on_fraction: Callable[[float], None], index: int, count: int) -> Callable[[float], None]:
    """One part's share of a stage that has ``count`` parts."""
    return lambda fraction: on_fraction((index + fraction) / count)


def _instrument(track: StemTrack, settings: Settings) -> str:
    return settings.instrument if track.stem == MIX else track.instrument


def _part(
    recording: Recording,
    track: StemTrack,
    engine: Engine,
    settings: Settings,
    on_fraction: Callable[[float], None],
) -> Part:
    audio = _prepared(recording, settings)
    instrument = _instrument(track, settings)
    seconds = max(duration_seconds(audio), engine.format.frame_seconds)
    blocks = _reported(
        one_ahead(engine.activations(audio)), engine.format.frame_seconds / seconds, on_fraction
    )
    notes = decode_notes(blocks, engine.format, _range_of(INSTRUMENTS[instrument]))
    if INSTRUMENTS[instrument].tuning.strings == HEARD_STRINGS:
        notes = with_inharmonicity(notes, recording)  # as recorded: denoising would take weak partials away
    title = instrument.capitalize() if track.stem == MIX else track.title
    return Part(title, instrument, tuple(notes))


def _reported(
    blocks: Iterator[Activations], frame_share: float, on_fraction: Callable[[float], None]
) -> Iterator[Activations]:
    for block in blocks:
        yield block
        on_fraction(min(1.0, (block.first_frame + len(block.onset)) * frame_share))


def _range_of(instrument: Instrument) -> DecoderSettings:
    """Listen for the pitches the instrument can make in any common tuning, so that the cache serves all."""
    open_strings = instrument.tuning.pitches_midi
    return DecoderSettings(
        lowest_pitch_midi=min(open_strings) - LOWEST_DETUNING_SEMITONES,
        highest_pitch_midi=max(open_strings) + instrument.frets,
    )


def _prepared(recording: Recording, settings: Settings) -> Audio:
    """Normalise, and denoise when asked for or when the noise floor asks for it."""
    wanted = settings.denoise == "on" or (settings.denoise == AUTO and needs_denoising(recording.noise))
    audio: Audio = denoise(recording, recording.noise) if wanted else recording
    return normalise(audio, recording.facts.level)
