import itertools
from fractions import Fraction
from io import BytesIO

import mido
import pytest
from tests.transcriptions import (
    Fretted,
    long_transcription,
    plain_transcription,
    rich_transcription,
    silent_transcription,
)

from genesis_music.formats.midi import write_performed_midi, write_score_midi
from genesis_music.formats.written import Page


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
    transcription = long_transcription(14_400)
    played = seconds_of(write_performed_midi(Page(transcription)))
    last = max(time for time, message in played if message.type == "note_on")
    assert last > 3500
    assert last == pytest.approx(max(n.note.onset_seconds for n in transcription.tracks[0].notes), abs=0.001)


def test_bar_lines_of_a_sequencer_are_the_bar_lines_of_the_piece() -> None:
    transcription = rich_transcription()
    content = write_performed_midi(Page(transcription))
    conductor = absolute(content)[0]
    changes = [(tick, m.numerator, m.denominator) for tick, m in conductor if m.type == "time_signature"]
    resolution = mido.MidiFile(file=BytesIO(content)).ticks_per_beat
    bar_lines = set()
    for (tick, numerator, denominator), following in zip(changes, [*changes[1:], (10**6, 4, 4)], strict=True):
        bar_lines.update(range(tick, following[0], int(Fraction(4 * numerator, denominator) * resolution)))
    clock = {}
    now, last, tempo = 0.0, 0, 500_000
    marks = sorted(
        [
            *((tick, None) for tick in bar_lines),
            *((t, m.tempo) for t, m in conductor if m.type == "set_tempo"),
        ],
        key=lambda mark: (mark[0], mark[1] is not None),
    )
    for tick, change in marks:
        now += (tick - last) * tempo / resolution / 1e6
        last = tick
        clock[tick] = now
        tempo = change or tempo
    for measure in transcription.tempo_map.measures:
        assert min(abs(clock[tick] - measure.onset_seconds) for tick in bar_lines) < 0.001


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
