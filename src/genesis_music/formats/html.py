"""A transcription as a small piece of HTML, for notebooks."""

from __future__ import annotations

from html import escape

from genesis_music.formats.ascii import render_ascii
from genesis_music.score import Transcription

_CHIP = "display:inline-block;margin:0 .4em .4em 0;padding:.1em .6em;border:1px solid #8888;border-radius:1em"


def render_html(transcription: Transcription) -> str:
    """Turn a transcription into HTML: title, facts as chips, and the text tab. All text is escaped."""
    title = escape(transcription.source.title)
    chips = "".join(f'<span style="{_CHIP}">{escape(fact)}</span>' for fact in _facts(transcription))
    tab = escape(render_ascii(transcription))
    return f'<div><h3>{title}</h3><div>{chips}</div><pre style="overflow-x:auto">{tab}</pre></div>'


def _facts(transcription: Transcription) -> list[str]:
    tempo_map, harmony = transcription.tempo_map, transcription.harmony
    facts = [
        str(harmony.key),
        f"{tempo_map.tempo_bpm:.0f} BPM",
        str(tempo_map.time_signature),
        transcription.style.label,
        f"difficulty {transcription.difficulty.level:g}/10",
        f"{sum(len(track.notes) for track in transcription.tracks)} notes",
    ]
    return [fact for fact in facts if fact]
