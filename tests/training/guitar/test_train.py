import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch")

from training.guitar.example import SAMPLE_RATE_HZ, Example, RenderedNote  # noqa: E402
from training.guitar.network import Design  # noqa: E402
from training.guitar.progress import forget_after, plot, read_reports, write_report  # noqa: E402
from training.guitar.train import Intervals, Recipe, Training, load_trained, train  # noqa: E402

TINY = Recipe(
    design=Design(width=4, hidden=4, dilations=((1, 1),)), steps=6, examples_per_batch=2, warm_up_steps=2
)
OFTEN = Intervals(report=1, validate=3, save=2)


def tones(seed):
    """Decaying sines at random pitches."""
    random = np.random.default_rng(seed)
    time = np.arange(SAMPLE_RATE_HZ // 2) / SAMPLE_RATE_HZ
    while True:
        pitch = int(random.integers(40, 80))
        after = np.maximum(time - 0.1, 0)
        audio = (time > 0.1) * np.exp(-3 * after) * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * after)
        yield Example(audio.astype(np.float32), (RenderedNote(0.1, 0.5, pitch, 0.8, 1, 0),), (64,), seed)


class DeadlyTones:
    """Kills its process the moment the fifth batch is asked for."""

    def __init__(self):
        self.asked = 0

    def __call__(self, seed):
        self.asked += 1
        if self.asked == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return tones(seed)


def run(out, source=tones, recipe=TINY, workers=0, intervals=OFTEN):
    torch.set_num_threads(1)
    training = Training(recipe, torch.device("cpu"))
    train(training, source, [next(tones(99))], Path(out), intervals, workers)
    return training


def killed_run(out):
    run(out, DeadlyTones())


def weights(training):
    return torch.cat([value.flatten().double() for value in training.averaged.state_dict().values()])


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    out = tmp_path_factory.mktemp("uninterrupted")
    return out, run(out)


def test_training_goes_on_after_a_kill_as_if_nothing_had_happened(tmp_path, uninterrupted):
    process = multiprocessing.get_context("spawn").Process(target=killed_run, args=(str(tmp_path),))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    resumed = run(tmp_path)
    assert torch.equal(weights(resumed), weights(uninterrupted[1]))
    steps = [report["step"] for report in read_reports(tmp_path / "log.jsonl") if "loss" in report]
    assert steps == [1, 2, 3, 4, 5, 6]


def test_batches_do_not_depend_on_how_many_processes_render_them(tmp_path, uninterrupted):
    assert torch.equal(weights(run(tmp_path, workers=2)), weights(uninterrupted[1]))


def test_what_is_loaded_is_what_was_trained(uninterrupted):
    out, training = uninterrupted
    loaded = load_trained(out / "checkpoint.pt")
    assert all(
        torch.equal(a, b)
        for a, b in zip(loaded.state_dict().values(), training.averaged.state_dict().values(), strict=True)
    )


def test_a_run_may_begin_with_what_another_has_learned(uninterrupted):
    out, before = uninterrupted
    training = Training(TINY, torch.device("cpu"))
    training.start_from(out / "checkpoint.pt")
    assert torch.equal(weights(training), weights(before))
    assert training.step == 0


def test_a_run_is_reported_scored_and_drawn(uninterrupted):
    out, _ = uninterrupted
    reports = read_reports(out / "log.jsonl")
    assert {"onset_f1", "offset_f1", "string"} <= set().union(*reports)
    assert (out / "progress.svg").read_text().count("<polyline") == 4


def test_the_loss_falls(tmp_path):
    recipe = Recipe(TINY.design, steps=40, examples_per_batch=4, learning_rate=0.02, warm_up_steps=2)
    run(tmp_path, recipe=recipe, intervals=Intervals(1, 1000, 1000))
    losses = [report["loss"] for report in read_reports(tmp_path / "log.jsonl") if "loss" in report]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


def test_a_time_limit_ends_a_run_at_the_end_of_its_schedule(tmp_path):
    recipe = Recipe(TINY.design, steps=10**6, examples_per_batch=2, time_limit_seconds=0.5)
    training = run(tmp_path, recipe=recipe)
    assert 0 < training.step < 10**6
    assert recipe.rate(training.step, training.seconds) == pytest.approx(0, abs=1e-9)


def test_the_learning_rate_rises_then_falls():
    rates = [Recipe(steps=1000).rate(step, 0.0) for step in range(0, 1001, 10)]
    peak = int(np.argmax(rates))
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] == pytest.approx(0, abs=1e-9)


def test_reports_after_the_checkpoint_are_taken_back(tmp_path):
    log = tmp_path / "log.jsonl"
    for step in range(1, 6):
        write_report(log, {"step": step, "loss": 1.0})
    forget_after(log, 3)
    assert [report["step"] for report in read_reports(log)] == [1, 2, 3]


def test_without_reports_nothing_is_drawn(tmp_path):
    plot(tmp_path / "none.jsonl", tmp_path / "none.svg")
    assert not (tmp_path / "none.svg").exists()
