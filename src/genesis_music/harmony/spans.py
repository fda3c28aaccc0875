"""What a stretch of one chord tells as a whole: its bass, and whether it has a third at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from genesis_music.harmony.evidence import FloatArray
from genesis_music.harmony.qualities import chord_pitch_classes

PRESENT_SHARE = 0.07
"""Share of a stretch's energy from which a pitch class belongs to what is played."""
BASS_SHARE = 0.5
"""Share of the bass line that a chord tone other than the root needs to be written as a slash bass."""
POWER_SHARE = 0.8
"""Share of a piece's beats that power chords must fill before they are named."""
LEAST_BASS = 0.3
"""Bass per beat (0..1) below which a low note is only the end of a ringing chord."""
THIRDLESS = ("7sus4", "sus4", "sus2", "5")


@dataclass(frozen=True, slots=True)
class Span:
    """Beats ``first .. stop`` under one chord, their summed energy and bass ``[12]``, the bass of the first beat.

    ``voices`` is the largest number of pitch classes that sound within one beat.
    """

    first: int
    stop: int
    root: int
    quality: str
    energy: FloatArray
    bass: FloatArray
    first_bass: FloatArray
    voices: float


def name_thirdless(spans: Sequence[Span], *, form_known: bool) -> list[Span]:
    """Rename stretches that hold nothing but a suspended or a power chord.

    The decoder leans towards triads, since a third is often only left out for a moment. A stretch is renamed when
    its pitch classes are exactly those of a chord without a third whose root is in the bass. Power chords count
    only in a piece that is mostly made of them: elsewhere they stand for the triad of the key. Suspensions keep the
    name of their triad when a known progression tells what it is.
    """
    renamed = [_renamed(span) for span in spans]
    power_beats = sum(span.stop - span.first for span in renamed if span.quality == "5")
    if power_beats >= POWER_SHARE * sum(span.stop - span.first for span in spans):
        return renamed
    kept = THIRDLESS if form_known else ("5",)
    return [old if new.quality in kept else new for old, new in zip(spans, renamed, strict=True)]


def _share(span: Span, pitch_class: int) -> float:
    return float(span.energy[pitch_class] / max(span.energy.sum(), 1e-9))


def _renamed(span: Span) -> Span:
    present = {pitch for pitch in range(12) if _share(span, pitch) > PRESENT_SHARE}
    root = int((span.bass if span.bass.any() else span.energy).argmax())
    if not present or span.voices < len(present):
        return span
    names = (name for name in THIRDLESS if chord_pitch_classes(root, name) == present)
    name = next(names, None)
    return span if name is None else replace(span, root=root, quality=name)


def slash_bass(span: Span) -> int:
    """The pitch class of the bass when it is a chord tone and clearly not the root; else the root.

    Clearly: it starts the stretch, is low, is most of its bass line, and twice as strong as the root.
    """
    lowest = int(span.bass.argmax())
    leads = lowest == int(span.first_bass.argmax())
    audible = span.bass[lowest] > LEAST_BASS * (span.stop - span.first)
    clear = span.bass[lowest] > BASS_SHARE * span.bass.sum() and span.bass[lowest] > 2 * span.bass[span.root]
    in_chord = lowest in chord_pitch_classes(span.root, span.quality)
    return lowest if leads and audible and clear and in_chord else span.root
