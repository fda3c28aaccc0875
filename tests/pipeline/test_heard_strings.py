"""What was heard about strings reaches the tab, and is kept for other tunings."""

from dataclasses import replace

from genesis_music import Settings
from genesis_music.pipeline.arrange import arrange
from genesis_music.pipeline.clock import Clock
from genesis_music.pipeline.heard import Heard, Part, from_bytes, to_bytes
from genesis_music.score import Inharmonicity, Note, SourceInfo

HEARD_ON_THIRD = (-10.0, -8.0, -0.01, -8.0, -10.0, -12.0)
NOTES = tuple(
    Note(
        0.5 * index,
        0.45,
        pitch,
        string_evidence=HEARD_ON_THIRD,
        inharmonicity=Inharmonicity(4e-4, 1e-3) if index % 2 else None,
    )
    for index, pitch in enumerate((64, 67, 69, 67) * 4)
)
HEARD = Heard(SourceInfo("", 8.0, 22050, ""), "test", (Part("Guitar", "guitar", NOTES),))


def strings(heard: Heard, **settings: object) -> set[int | None]:
    (track,) = arrange(heard, Settings(**settings), Clock()).tracks  # type: ignore[arg-type]
    return {tab.string for tab in track.notes}


def test_the_tab_uses_the_string_that_was_heard() -> None:
    silent = tuple(replace(note, string_evidence=()) for note in NOTES)
    assert strings(HEARD) == {3}
    assert strings(replace(HEARD, parts=(replace(HEARD.parts[0], notes=silent),))) != {3}


def test_another_tuning_is_fingered_from_what_was_kept() -> None:
    kept = from_bytes(to_bytes(HEARD))
    assert kept == HEARD
    assert strings(kept, tuning="drop-d") == {3}


def test_a_bass_does_not_listen_to_a_guitars_strings() -> None:
    low = tuple(replace(note, pitch_midi=note.pitch_midi - 24) for note in NOTES)
    silent = tuple(replace(note, string_evidence=()) for note in low)
    heard, unheard = (
        arrange(
            replace(HEARD, parts=(Part("Bass", "bass", notes),)), Settings(instrument="bass"), Clock()
        ).tracks[0]
        for notes in (low, silent)
    )
    assert [tab.string for tab in heard.notes] == [tab.string for tab in unheard.notes]
