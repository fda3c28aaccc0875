"""Source separation with Demucs (Rouard, Massa, Défossez, ICASSP 2023), behind the extra ``separate``.

The file is decoded in stereo at the model's rate, taken apart segment by segment with triangular cross-fades
over a quarter of a segment, and every stem is written to a sound file. Deviations from ``demucs.apply``: it
is streamed, so that memory does not grow with length, and there are no random shifts, so that the result is
always the same.

A local model file is a pickle: **loading it runs what it contains**. Name only files whose origin you trust.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_music.audio.decode import SoundFile, open_sound
from genesis_music.audio.load import check_useful, damage, file_sha256, load_audio
from genesis_music.audio.recording import Samples
from genesis_music.audio.spool import Spool
from genesis_music.audio.stream import WHOLE, LoadSettings, decoded, ignore_fraction
from genesis_music.audio.write import WavWriter
from genesis_music.errors import MissingExtraError, OutputError, SettingsError
from genesis_music.separation.separator import NoStemStore, Stems, StemStore

CACHE_VERSION = 1
"""Raised when the same model and file would give other stems; older cached stems are then left unused."""

_OVERLAP = 0.25
SOURCE_FILE = "source.json"
"""Beside the stems: what they were taken from."""


class DemucsSeparator:
    """Separates with one Demucs model.

    ``model`` is the name of a published model (``"htdemucs"``, ``"htdemucs_6s"``; downloaded once by Demucs
    itself) or the path of a local ``.th`` file, of a ``.yaml`` bag, or of a folder with one of them; text that
    is the path of something is taken as a path. Stems are kept under ``cache_folder``, by file, model and
    version, and shared with other machines through ``store``; without a folder they are deleted when closed.
    ``device`` is PyTorch's (``"cpu"``, ``"cuda"``); without one, a graphics processor is used where there is one.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        cache_folder: Path | None = None,
        store: StemStore = NoStemStore(),
        device: str = "",
    ) -> None:
        self._model = _local(model)
        self._cache_folder = cache_folder
        self._store = store
        self._device = device

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.stem if isinstance(self._model, Path) else self._model

    def separate(
        self,
        path: Path,
        *,
        sample_rate_hz: int,
        settings: LoadSettings = WHOLE,
        on_fraction: Callable[[float], None] | None = None,
    ) -> Stems:
        """Return the model's stems as mono recordings at ``sample_rate_hz``.

        Their facts describe the file where they say ``source``, ``codec``, ``title``, ``sha256`` or
        ``warnings``, and the stem otherwise.

        Raises:
            MissingExtraError: Demucs is not installed.
            SettingsError: the model is missing, damaged, or cannot be downloaded.
            InputError: the file cannot be used, as in :func:`~genesis_music.audio.load.load_audio`.
            OutputError: no room for the stems.
        """
        if find_spec("demucs") is None:
            raise MissingExtraError('Separation needs Demucs: pip install "genesis-music[separate]"')
        with open_sound(path):
            pass  # a file that cannot be used is refused before anything else
        with ExitStack() as resources:
            report = on_fraction or ignore_fraction
            write = partial(self._write_stems, path, sample_rate_hz, settings, report)
            key = self._cache_key(path, sample_rate_hz, settings) if self._cache_folder else None
            folder = self._stem_folder(key, write, resources)
            source = _Source.read(folder)
            stems = {
                file.stem: resources.enter_context(load_audio(file, sample_rate_hz=sample_rate_hz))
                for file in sorted(folder.glob("*.wav"))
            }
            for stem in stems.values():
                stem.facts = replace(stem.facts, sha256=file_sha256(path), **asdict(source))
            return Stems(stems, resources.pop_all(), key)

    def _stem_folder(self, key: str | None, write: Callable[[Path], None], resources: ExitStack) -> Path:
        """The folder with one sound file per stem, made when neither this machine nor the store has it."""
        if self._cache_folder is None or key is None:
            folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="genesis-stems-")))
            write(folder)
            return folder
        folder = self._cache_folder / key

        def fill(new: Path) -> None:
            if not self._store.fetch(key, new):
                write(new)

        if not folder.is_dir():
            _create_whole(folder, fill)
        self._store.keep(key, folder)
        return folder

    def _cache_key(self, path: Path, sample_rate_hz: int, settings: LoadSettings) -> str:
        part = (settings.start_seconds, settings.end_seconds)
        parts = (file_sha256(path), self._signature(), CACHE_VERSION, sample_rate_hz, part)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def _signature(self) -> str:
        """What tells two models apart: a published name, or the contents of local files."""
        if not isinstance(self._model, Path):
            return self._model
        files = [self._model, *(self._model.parent.glob("*.th") if self._model.suffix == ".yaml" else ())]
        return " ".join(file_sha256(_existing(file)) for file in sorted(files))

    def _write_stems(
        self,
        path: Path,
        sample_rate_hz: int,
        settings: LoadSettings,
        on_fraction: Callable[[float], None],
        folder: Path,
    ) -> None:
        device = self._device or usual_device()
        model = load_model(self._model, device)
        with ExitStack() as stack:
            sound = stack.enter_context(open_sound(path))
            sides = [Spool(model.samplerate, memory_bytes=settings.memory_bytes // 2) for _ in range(2)]
            for side in sides:
                stack.callback(side.close)
            blocks = decoded(sound, sample_rate_hz=model.samplerate, channels=2, settings=settings)
            mean, deviation = _spool(blocks, sides)
            seconds = sides[0].frames / model.samplerate
            check_useful(sound, settings, seconds)
            _Source.of(sound, damage(sound, settings, seconds)).write(folder)
            writers = [
                _StemWriter(folder / f"{name}.wav", model.samplerate, sample_rate_hz, sound.title)
                for name in model.sources
            ]
            for writer in writers:
                stack.callback(writer.close)
            for done, stems in _separated(model, sides, mean, deviation, device):
                for writer, samples in zip(writers, stems, strict=True):
                    writer.append(samples)
                on_fraction(done)


@dataclass(frozen=True, slots=True)
class _Source:
    """What the stems' facts say about the file they come from; kept beside them."""

    title: str
    source_sample_rate_hz: int
    source_channels: int
    codec: str
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, sound: SoundFile, warnings: tuple[str, ...]) -> _Source:
        return cls(sound.title, sound.sample_rate_hz, sound.channels, sound.codec, warnings)

    def write(self, folder: Path) -> None:
        (folder / SOURCE_FILE).write_text(json.dumps(asdict(self)), "utf-8")

    @classmethod
    def read(cls, folder: Path) -> _Source:
        fields = json.loads((folder / SOURCE_FILE).read_text("utf-8"))
        return cls(**{**fields, "warnings": tuple(fields["warnings"])})


class _StemWriter:
    """One stem at the model's rate into a file at another."""

    def __init__(self, path: Path, from_rate_hz: int, to_rate_hz: int, title: str) -> None:
        import soxr

        self._file = WavWriter(path, to_rate_hz, title=title)
        self._resampler = soxr.ResampleStream(from_rate_hz, to_rate_hz, 1, dtype="float32", quality="HQ")

    def append(self, samples: Samples) -> None:
        self._file.append(self._resampler.resample_chunk(np.ascontiguousarray(samples)))

    def close(self) -> None:
        self._file.append(self._resampler.resample_chunk(np.empty(0, np.float32), last=True))
        self._file.close()


def usual_device() -> str:
    """Where networks run fastest here: ``cuda`` or ``cpu``."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def load_model(model: str | Path, device: str = "cpu") -> Any:
    """Load a published model by name or a local one by path (a pickle: see the module's warning).

    Raises:
        SettingsError: it is missing, damaged, or cannot be downloaded.
    """
    from demucs.pretrained import get_model

    local = isinstance(model, Path)
    name = _existing(model).stem.split("-")[0] if isinstance(model, Path) else model
    try:
        loaded = get_model(name, repo=model.parent if isinstance(model, Path) else None)
    except (Exception, SystemExit) as error:  # pickles, checksums, downloads and Demucs fail as they like
        advice = "use the file as it was published" if local else "check the name and the network"
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise SettingsError(f"The Demucs model {name} cannot be loaded ({reason}): {advice}.") from error
    return loaded.to(device).eval()


def _spool(blocks: Iterator[Samples], sides: list[Spool]) -> tuple[float, float]:
    """Keep stereo blocks; return mean and deviation of the mono mix, by which Demucs scales its input."""
    count, total, squares = 0, 0.0, 0.0
    for block in blocks:
        for side, samples in zip(sides, block, strict=True):
            side.append(samples)
        mono = block.mean(axis=0, dtype=np.float64)
        count += len(mono)
        total += float(mono.sum())
        squares += float((mono**2).sum())
    mean = total / max(count, 1)
    return mean, max(squares / max(count, 1) - mean**2, 0.0) ** 0.5 + 1e-8


def _separated(
    model: Any, sides: list[Spool], mean: float, deviation: float, device: str
) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """Yield ``(fraction done, stems [sources, n])`` in order, cross-faded over the segments' overlap."""
    frames = sides[0].frames
    segment = int(segment_seconds(model) * model.samplerate)
    stride = int((1 - _OVERLAP) * segment)
    weight = _triangle(segment)
    mixed = np.zeros((len(model.sources), segment), np.float32)
    weights = np.zeros(segment, np.float32)
    for offset in range(0, frames, stride):
        stereo = np.stack([side.read(offset, segment) for side in sides])
        stems = _apply(model, (stereo - mean) / deviation, device) * deviation + mean
        length = stems.shape[1]
        mixed[:, :length] += stems * weight[:length]
        weights[:length] += weight[:length]
        ready = min(stride, frames - offset)
        yield (offset + ready) / frames, mixed[:, :ready] / weights[:ready]
        mixed = np.pad(mixed[:, stride:], ((0, 0), (0, stride)))
        weights = np.pad(weights[stride:], (0, stride))


def _apply(model: Any, stereo: NDArray[np.float32], device: str) -> NDArray[np.float32]:
    """One segment ``[2, n]`` through the network: mono stems ``[sources, n]``."""
    import torch
    from demucs.apply import apply_model

    mix = torch.from_numpy(stereo.astype(np.float32))[None].to(device)
    stems = apply_model(model, mix, shifts=0, split=False, device=device)[0]
    return np.asarray(stems.mean(dim=1).cpu().numpy(), np.float32)


def segment_seconds(model: Any) -> float:
    """The longest stretch the model, or every model of a bag, takes at once."""
    return min(float(part.segment) for part in getattr(model, "models", [model]))


def _triangle(size: int) -> NDArray[np.float32]:
    rising = np.arange(1, size // 2 + 1)
    weight = np.concatenate([rising, np.arange(size - size // 2, 0, -1)])
    return np.asarray(weight / weight.max(), np.float32)


def _local(model: str | Path) -> str | Path:
    """A published name as it is; a path as the file that it means."""
    path = Path(model)
    if path.is_dir():
        files = sorted(path.glob("*.yaml")) or sorted(path.glob("*.th"))
        if len(files) != 1:
            raise SettingsError(f"{path} holds {len(files)} Demucs models: name the file of one.")
        return files[0]
    return path if isinstance(model, Path) or path.suffix in {".th", ".yaml"} else model


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise SettingsError(f"The Demucs model {path} does not exist: check the path.")
    return path


def _create_whole(folder: Path, fill: Callable[[Path], None]) -> None:
    """Make a folder that appears only when it is complete, even if two processes make it at once."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".partial-"))
    except OSError as error:
        raise OutputError(f"{folder.parent} cannot be written ({error.strerror}): choose another.") from error
    try:
        fill(unfinished)
        try:
            unfinished.rename(folder)
        except OSError as error:
            if not folder.is_dir():  # else another process was quicker, with the same stems
                raise OutputError(
                    f"{folder} cannot be written ({error.strerror}): choose another."
                ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
