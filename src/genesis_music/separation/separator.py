"""What a separator is: a recording in, its stems out, each a recording of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from genesis_music.audio.load import WHOLE, LoadSettings, Recording, load_audio

MIX = "mix"
"""The name of the only stem when nothing is separated."""


class Stems(Mapping[str, Recording]):
    """The stems of one recording by name; closing it closes ``resources``, which holds them all.

    ``key`` is what they are kept under, ``None`` where they are not kept.
    """

    def __init__(
        self, recordings: Mapping[str, Recording], resources: ExitStack, key: str | None = None
    ) -> None:
        self._recordings = dict(recordings)
        self._resources = resources
        self.key = key

    def __getitem__(self, name: str) -> Recording:
        return self._recordings[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._recordings)

    def __len__(self) -> int:
        return len(self._recordings)

    def close(self) -> None:
        """Delete the samples of every stem (what is cached on disk stays)."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class StemStore(Protocol):
    """Where several machines keep the files of stems; one that is away forgets, it never raises."""

    def has(self, key: str) -> bool:
        """Whether all files are kept under the key."""

    def fetch(self, key: str, folder: Path) -> bool:
        """Copy what is kept under the key into the folder; ``False`` when it is not there, or not all of it."""

    def keep(self, key: str, folder: Path) -> None:
        """Keep the files of the folder under the key, unless they are kept already."""


class NoStemStore:
    """For one machine alone: its own folder is enough."""

    def has(self, key: str) -> bool:  # noqa: ARG002 (protocol)
        """Nothing is missed."""
        return True

    def fetch(self, key: str, folder: Path) -> bool:  # noqa: ARG002 (protocol)
        """Nothing is there."""
        return False

    def keep(self, key: str, folder: Path) -> None:
        """Forget them."""


class Separator(Protocol):
    """Takes a recording apart."""

    @property
    def name(self) -> str:
        """The name in results: the model, or ``"none"``."""

    def separate(
        self,
        path: Path,
        *,
        sample_rate_hz: int,
        settings: LoadSettings = ...,
        on_fraction: Callable[[float], None] | None = None,
    ) -> Stems:
        """Return the stems of a file as mono recordings at ``sample_rate_hz``, all of the same length."""


class NoSeparator:
    """Leaves the recording whole: one stem, ``"mix"``."""

    name = "none"

    def separate(
        self,
        path: Path,
        *,
        sample_rate_hz: int,
        settings: LoadSettings = WHOLE,
        on_fraction: Callable[[float], None] | None = None,
    ) -> Stems:
        """Load the file (errors: see :func:`~genesis_music.audio.load.load_audio`)."""
        recording = load_audio(
            path, sample_rate_hz=sample_rate_hz, settings=settings, on_fraction=on_fraction
        )
        resources = ExitStack()
        return Stems({MIX: resources.enter_context(recording)}, resources)


@dataclass(frozen=True, slots=True)
class StemTrack:
    """A stem that becomes a track called ``title``; ``instrument`` is ``"guitar"`` or ``"bass"``."""

    stem: str
    instrument: str
    title: str


_TRACKS = (
    StemTrack(MIX, "guitar", "Guitar"),
    StemTrack("guitar", "guitar", "Guitar"),
    StemTrack("bass", "bass", "Bass"),
    StemTrack("other", "guitar", "Other"),
)


def tracks_of(stems: Iterable[str]) -> tuple[StemTrack, ...]:
    """The stems that go on, in the order of the score: guitar, bass, other.

    A 4-stem model has no guitar stem: its guitars are in "other", which then is called the guitar. Drums,
    vocals and piano do not go on.
    """
    present = set(stems)
    tracks = tuple(track for track in _TRACKS if track.stem in present)
    if "other" in present and not present & {"guitar", MIX}:
        other = StemTrack("other", "guitar", "Guitar")
        return (other, *(track for track in tracks if track.stem != "other"))
    return tracks
