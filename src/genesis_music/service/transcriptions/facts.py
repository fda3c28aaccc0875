"""Columns of a transcription's row that say again what its latest tab says: lists are sorted and filtered by them."""

from __future__ import annotations

from typing import Any

from genesis_music.service.transcriptions.options import stored_options
from genesis_music.tablature.tunings import TUNINGS, pitch_name


def facts_of(document: dict[str, Any]) -> dict[str, Any]:
    """Tempo, key and time signature of a tab document."""
    key, signature = document["key"], document["time_signature"]
    return {
        "tempo": round(document["tempo"]),
        "key_signature": f"{key['tonic']} {key['mode']}",
        "time_signature": f"{signature[0]}/{signature[1]}",
    }


def facts_after_edits(document: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """What edits may have changed: also the title, and the options (tuning, capo) that a later re-tab goes on from."""
    title, setup = document["source"]["title"], _setup(document["tracks"], options)
    return facts_of(document) | {"title": title, "options": options | setup}


def _setup(tracks: list[dict[str, Any]], options: dict[str, Any]) -> dict[str, Any]:
    """The tuning and capo of the chosen instrument's first track."""
    instrument = stored_options(options).instrument
    for track in tracks:
        if track["instrument"] == instrument:
            return {"tuning": _name(tuple(track["tuning"])), "capo": track["capo"]}
    return {}


def _name(pitches_midi: tuple[int, ...]) -> str:
    """A tuning as a user would give it, from low to high."""
    named = next((one.name for one in TUNINGS.values() if one.pitches_midi == pitches_midi), None)
    return named or " ".join(pitch_name(pitch) for pitch in reversed(pitches_midi))
