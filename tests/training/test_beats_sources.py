from pathlib import Path

import mido
import pytest

from training.beats_sources import jazz_pieces, pop_pieces

BPM = 120


def write_solo(folder: Path, name: str) -> None:
    for kind in ("csv_melody", "csv_beats"):
        (folder / kind).mkdir(exist_ok=True)
    beats = [f"0,{40 + n % 3},{n % 4 + 1},,0,,{10 + 0.5 * n},4/4" for n in range(20)]
    (folder / "csv_beats" / name).write_text(
        "\n".join(["bar,bass_pitch,beat,chord,chorus_id,form,onset,signature", *beats])
    )
    notes = [f"0,1,0.5,4,2,0.2,4,{9.75 + 0.25 * n},4,{60 + n}.0,0,1" for n in range(30)]
    (folder / "csv_melody" / name).write_text(
        "\n".join(["bar,beat,beatdur,denom,division,duration,num,onset,period,pitch,subtatum,tatum", *notes])
    )


def write_song(folder: Path, name: str, numbers: list[int]) -> None:
    song = folder / name
    song.mkdir()
    lines = [f"{0.5 * n} {float(number == 1)} {float(number == 1)}" for n, number in enumerate(numbers)]
    (song / "beat_midi.txt").write_text("\n".join(lines))
    file = mido.MidiFile(ticks_per_beat=480)
    conductor = file.add_track("CONDUCTOR")
    conductor.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(BPM)))
    melody = file.add_track("MELODY")
    for n in range(60):
        melody.append(mido.Message("note_on", note=60 + n % 12, velocity=80, time=240 if n else 0))
        melody.append(mido.Message("note_on", note=60 + n % 12, velocity=0, time=240))
    file.save(song / f"{name}.mid")


def test_a_solo_and_its_bass_are_read_with_their_beats(tmp_path: Path) -> None:
    write_solo(tmp_path, "Player_Tune_Solo.csv")
    solo, bass = jazz_pieces(tmp_path)
    assert (len(solo.onsets), len(bass.onsets)) == (30, 20)
    assert solo.onsets[0] == 0  # the earliest note or beat is the start
    assert solo.beats[:2] == pytest.approx([0.25, 0.75])
    assert solo.beat_numbers[:5].tolist() == [1, 2, 3, 4, 1]


def test_a_pop_songs_melody_keeps_the_tempo_of_its_file(tmp_path: Path) -> None:
    write_song(tmp_path, "001", [1, 2, 3, 4] * 16)
    (melody,) = pop_pieces(tmp_path)
    assert melody.onsets[:3] == pytest.approx([0, 0.5, 1.0])
    assert melody.ends[0] == pytest.approx(0.25)
    assert melody.beat_numbers[:5].tolist() == [1, 2, 3, 4, 1]


def test_a_song_whose_bars_were_marked_badly_is_left_out(tmp_path: Path) -> None:
    write_song(tmp_path, "001", [1, 2, 3, 4, 1, 2, 1, 2, 3] * 7)
    assert pop_pieces(tmp_path) == []
