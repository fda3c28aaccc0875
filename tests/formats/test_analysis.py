import json

import pytest

from genesis_music.formats.analysis import write_analysis
from genesis_music.formats.written import Page
from tests.transcriptions import rich_transcription, silent_transcription


def analysis(transcription) -> dict:
    return json.loads(write_analysis(Page(transcription)))


def test_it_says_key_form_style_and_difficulty_with_reasons() -> None:
    document = analysis(rich_transcription())
    assert document["key"] == {"tonic": "D", "mode": "major", "confidence": 0.7}
    assert document["progression"] == ["I", "vi", "IV", "V"]
    assert document["style"]["reasons"] == ["fingerpicked", "open chords"]
    assert document["difficulty"]["hardest_measures"] == [2, 4]
    assert [section["label"] for section in document["sections"]] == ["A", "B"]


def test_chord_shares_add_up() -> None:
    statistics = analysis(rich_transcription())["chord_statistics"]
    assert sum(entry["share"] for entry in statistics) == pytest.approx(1.0, abs=0.001)
    assert statistics[0]["label"] == "N.C."


def test_the_tempo_curve_follows_the_changes() -> None:
    tempo = analysis(rich_transcription())["tempo"]
    assert tempo["slowest_measure"] == 90.0
    assert tempo["fastest_measure"] == 132.5
    assert tempo["curve"][0] == [0.25, 120.0]
    assert tempo["curve"][-1][1] == pytest.approx(132.5, abs=0.01)


def test_time_signature_changes_are_listed_once() -> None:
    changes = analysis(rich_transcription())["time_signatures"]
    assert [(c["measure"], c["time_signature"]) for c in changes] == [
        (0, [4, 4]),
        (3, [3, 4]),
        (4, [6, 8]),
        (5, [4, 4]),
    ]


def test_silence_has_no_range() -> None:
    assert analysis(silent_transcription())["tracks"][0]["highest_fret"] is None
