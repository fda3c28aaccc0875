"""Columns of a transcription's row that say again what its latest tab says: lists are sorted and filtered by them."""

from __future__ import annotations

import json
from typing import Any

from genesis_music.service.transcriptions.options import stored_options
from genesis_music.tablature.tunings import TUNINGS, pitch_name


def facts_of(tab: bytes, options: dict[str, Any]) -> dict[str, Any]:
    """Title, tempo, key, time signature, and the options (tuning and capo) that a later re-tab goes on from.

    Args:
        tab: tab JSON.
        options: those of the row.
    """
    document = json.loads(tab)
    key, signature = document["key"], document["time_signature"]
    return {
        "title": document["source"]["title"],
        "tempo": round(document["tempo"]),
        "key_signature": f"{key['tonic']} {key['mode']}",
        "time_signature": f"{signature[0]}/{signature[1]}",
        "options": options | _setup(document["tracks"], options),
    }


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
