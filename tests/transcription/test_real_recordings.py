from pathlib import Path

import pytest

from genesis_music.audio.load import load_audio
from genesis_music.evaluation.guitarset import read_excerpt
from genesis_music.evaluation.notes import note_accuracy
from genesis_music.transcription.decoder import decode_notes
from genesis_music.transcription.engines import get_engine

GUITARSET = Path(__file__).resolve().parents[3] / "shared" / "eval" / "guitarset"
NAME = "00_BN1-129-Eb_comp"


@pytest.mark.skipif(not GUITARSET.exists(), reason="the evaluation material is not beside the checkout")
@pytest.mark.parametrize(
    ("name", "onset_f1", "offset_f1"), [("basic-pitch", 0.77, 0.57), ("genesis", 0.8, 0.68)]
)
def test_most_notes_of_a_real_guitar_are_found(name, onset_f1, offset_f1):
    engine = get_engine(name)
    with load_audio(GUITARSET / "audio" / f"{NAME}_mic.flac", sample_rate_hz=engine.sample_rate_hz) as audio:
        found = decode_notes(engine.activations(audio), engine.format)
    excerpt = read_excerpt(GUITARSET / "annotation" / f"{NAME}.jams")
    accuracy = note_accuracy([labelled.note for labelled in excerpt.notes], found)
    assert accuracy.onset_f1 > onset_f1
    assert accuracy.offset_f1 > offset_f1
