import pytest

from genesis_music.harmony.progression import PROGRESSIONS, find_progression, name_progression, plain_numeral


@pytest.mark.parametrize(
    ("loop", "name"),
    [
        ("I V vi IV", "I–V–vi–IV"),
        ("vi IV I V", "I–V–vi–IV"),
        ("I vi IV V", "50s progression"),
        ("ii7 V7 Imaj7 Imaj7", "ii–V–I"),
        ("i VII VI V7", "Andalusian cadence"),
        ("I V vi iii IV I IV V", "Pachelbel's canon"),
        ("I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7", "12-bar blues"),
        ("I I V V vi vi IV IV", "I–V–vi–IV"),
    ],
)
def test_common_progressions_are_named_from_any_chord(loop, name):
    assert name_progression(loop.split()) == name


def test_every_listed_progression_finds_its_own_name():
    assert all(name_progression(known.numerals) == known.name for known in PROGRESSIONS)


def test_unknown_progressions_have_no_name():
    assert name_progression(["I", "bII", "#IV", "VII"]) is None
    assert name_progression([]) is None


def test_the_shortest_loop_is_found():
    assert find_progression(["I", "V", "vi", "IV"] * 4) == ("I", "V", "vi", "IV")


def test_a_loop_survives_one_odd_measure():
    played = ["I", "V", "vi", "IV"] * 4
    played[9] = "iii"
    assert find_progression(played) == ("I", "V", "vi", "IV")


def test_silent_measures_around_a_piece_do_not_hide_its_loop():
    assert find_progression(["", *(["i", "VII"] * 4), ""]) == ("i", "VII")


def test_one_chord_or_nothing_is_no_progression():
    assert find_progression(["I"] * 8) == ()
    assert find_progression([]) == ()


def test_a_blues_played_once_counts():
    blues = ["I", "I", "I", "I", "IV", "IV", "I", "I", "V", "IV", "I", "I"]
    assert find_progression(blues) == tuple(blues)


@pytest.mark.parametrize(
    ("numeral", "plain"), [("V7", "V"), ("iiø7", "ii°"), ("bVIImaj7", "bVII"), ("V7/V", "V/V"), ("", "")]
)
def test_sevenths_are_stripped_from_numerals(numeral, plain):
    assert plain_numeral(numeral) == plain
