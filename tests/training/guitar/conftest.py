import numpy as np
import pytest

from training.guitar.annotated import AnnotatedNotes
from training.guitar.bank import read_bank, write_bank
from training.guitar.banks import modal_notes
from training.guitar.examples import Material
from training.guitar.noises import RecordedNoises


@pytest.fixture(scope="session")
def bank(tmp_path_factory):
    """A computed guitar: needs no library."""
    folder = tmp_path_factory.mktemp("banks")
    write_bank(folder, "steel", "steel", modal_notes("steel", 3))
    return read_bank(folder, "steel")


@pytest.fixture(scope="session")
def material(bank):
    random = np.random.default_rng(0)
    onsets = np.sort(random.uniform(0, 20, 80))
    rows = np.stack([onsets, onsets + 0.5, random.integers(1, 7, 80), random.integers(0, 12, 80)], axis=1)
    return Material(
        (bank,), AnnotatedNotes(np.array([0, 80]), rows.astype(np.float32)), None, RecordedNoises()
    )
