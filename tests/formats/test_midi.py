import itertools
from dataclasses import replace
from fractions import Fraction
from io import BytesIO

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.formats.midi import write_performed_midi, write_score_midi
from genesis_music.formats.written import Page
from tests.transcriptions import (
    STANDARD,
    WALTZ,
    Bar,
    Fretted,
    make_tempo_map,
    make_track,
    plain_transcription,
    rich_transcription,
    silent_transcription,
)


def absolute(content: bytes) -> list[list[tuple[int, mido.Message]]]:
    file = mido.MidiFile(file=BytesIO(content), charset="utf-8")
    tracks = []
    for track in file.tracks:
        ticks = itertools.accumulate(message.time for message in track)
        tracks.append(list(zip(ticks, track, strict=True)))
    return tracks


def seconds_of(content: bytes) -> list[tuple[float, mido.Message]]:
    file = mido.MidiFile(file=BytesIO(content), charset="utf-8")
    now, played = 0.0, []
    for message in file:
        now += message.time
        played.append((now, message))
    return played


def test_played_notes_keep_their_time_within_a_millisecond() -> None:
    transcription = rich_transcription()
    played = seconds_of(write_performed_midi(Page(transcription)))
    onsets = sorted((time, message.note) for time, message in played if message.type == "note_on")
    expected = sorted(
        (n.note.onset_seconds, n.note.pitch_midi) for t in transcription.tracks for n in t.notes
    )
    assert len(onsets) == len(expected)
    by_pitch = sorted((pitch, time) for time, pitch in onsets)
    for (pitch, time), (wanted_pitch, wanted) in zip(
        by_pitch, sorted((p, t) for t, p in expected), strict=True
    ):
        assert pitch == wanted_pitch
        assert time == pytest.approx(wanted, abs=0.001)


def test_times_do_not_drift_over_an_hour() -> None:
    bars = tuple(Bar(tempo_bpm=39.7 + 0.1 * (index % 7)) for index in range(600))
    transcription = plain_transcription([Fretted(bar, 3, 1, 1, 0) for bar in range(1, 601)], bars)
    played = seconds_of(write_performed_midi(Page(transcription)))
    last = max(time for time, message in played if message.type == "note_on")
    assert last > 3500
    assert last == pytest.approx(transcription.tracks[0].notes[-1].note.onset_seconds, abs=0.001)


def bar_line_seconds(content: bytes) -> list[float]:
    """Where a sequencer draws bar lines, from tempo and time signatures alone, in seconds."""
    conductor = absolute(content)[0]
    resolution = mido.MidiFile(file=BytesIO(content)).ticks_per_beat
    changes = [(tick, m.numerator, m.denominator) for tick, m in conductor if m.type == "time_signature"]
    ends = [*(tick for tick, *_ in changes[1:]), 200 * resolution]
    lines = {
        line
        for (tick, numerator, denominator), end in zip(changes, ends, strict=True)
        for line in range(tick, end, 4 * numerator * resolution // denominator)
    }
    tempi = {tick: message.tempo for tick, message in conductor if message.type == "set_tempo"}
    seconds, now, last, tempo = [], 0.0, 0, 500_000
    for tick in sorted(lines | set(tempi)):
        now += (tick - last) * tempo / resolution / 1e6
        last, tempo = tick, tempi.get(tick, tempo)
        if tick in lines:
            seconds.append(now)
    return seconds


def test_bar_lines_of_a_sequencer_are_the_bar_lines_of_the_piece() -> None:
    transcription = rich_transcription()
    lines = bar_line_seconds(write_performed_midi(Page(transcription)))
    for measure in transcription.tempo_map.measures:
        assert min(abs(line - measure.onset_seconds) for line in lines) < 0.001


def test_a_bend_is_reset_before_the_next_note_of_its_channel() -> None:
    guitar = absolute(write_performed_midi(Page(rich_transcription())))[1]
    wheel: dict[int, int] = {}
    bent = False
    for _, message in guitar:
        if message.type == "pitchwheel":
            wheel[message.channel] = message.pitch
            bent = bent or message.pitch > 8000
        if message.type == "note_on":
            assert wheel.get(message.channel, 0) == 0
    assert bent, "the full bend must reach two semitones"
    assert set(wheel.values()) == {0}


def test_every_string_has_its_own_channel_and_none_is_the_drums() -> None:
    tracks = absolute(write_performed_midi(Page(rich_transcription())))[1:]
    channels = [{message.channel for _, message in track if not message.is_meta} for track in tracks]
    assert len(channels[0]) == 6
    assert len(channels[1]) == 4
    assert not channels[0] & channels[1]
    assert 9 not in set().union(*channels)


def test_the_score_stands_exactly_on_the_grid() -> None:
    transcription = rich_transcription()
    content = write_score_midi(Page(transcription))
    resolution = mido.MidiFile(file=BytesIO(content)).ticks_per_beat
    starts = {m.number: m.start_quarters for m in transcription.tempo_map.measures}
    for track, messages in zip(transcription.tracks, absolute(content)[1:], strict=True):
        written = sorted(
            (starts[n.written.measure] + n.written.position_quarters, n.note.pitch_midi) for n in track.notes
        )
        assert (
            sorted((Fraction(tick, resolution), m.note) for tick, m in messages if m.type == "note_on")
            == written
        )


def test_titles_in_any_script_survive() -> None:
    assert (
        absolute(write_score_midi(Page(rich_transcription())))[0][0][1].name
        == rich_transcription().source.title
    )


@pytest.mark.parametrize("write", [write_performed_midi, write_score_midi])
def test_silence_is_a_valid_file(write) -> None:
    assert not [
        m for track in absolute(write(Page(silent_transcription()))) for _, m in track if m.type == "note_on"
    ]


def test_a_struck_again_note_is_not_cut_by_the_end_of_the_one_before() -> None:
    notes = [Fretted(1, 0, 2, 1, 0), Fretted(1, 1, 1, 1, 0)]
    track = absolute(write_score_midi(Page(plain_transcription(notes))))[1]
    kinds = [message.type for _, message in track if message.type.startswith("note")]
    assert kinds == ["note_on", "note_off", "note_on", "note_off"]


@settings(deadline=None, max_examples=40)
@given(st.floats(-3, 30), st.floats(35, 280))
def test_wherever_the_first_beat_falls_times_and_bar_lines_are_right(start: float, tempo: float) -> None:
    bars = (Bar(WALTZ, tempo),) * 4
    tempo_map = make_tempo_map(bars, start_seconds=start)
    notes = [Fretted(bar, beat, 1, 1, 0) for bar in (1, 2, 3, 4) for beat in (0, 1, 2)]
    track = make_track("Guitar", STANDARD, 0, tempo_map, notes, instrument="guitar")
    heard = tuple(note for note in track.notes if note.note.onset_seconds >= 0)
    transcription = plain_transcription((), tempo_map=tempo_map, tracks=(replace(track, notes=heard),))
    content = write_performed_midi(Page(transcription))
    onsets = [time for time, message in seconds_of(content) if message.type == "note_on"]
    assert onsets == pytest.approx([note.note.onset_seconds for note in heard], abs=0.001)
    starts = bar_line_seconds(content)
    for measure in tempo_map.measures:
        if measure.onset_seconds >= 0:
            assert min(abs(line - measure.onset_seconds) for line in starts) < 0.001
