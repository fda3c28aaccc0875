"""The command line: parse, call, write. ``genesis --help`` lists the commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec

import click

from genesis_music.errors import GenesisError, InputError, MissingExtraError, SettingsError
from genesis_music.settings import AUTO, DENOISE_CHOICES, SWING_CHOICES, Settings, parse_time_signature
from genesis_music.terminal import HumanReporter, JsonReporter, Reporter
from genesis_music.version import __version__

# Our matrices are small: threads of the algebra library would wait for each other and slow the network down.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

DEFAULTS = Settings()
EXIT_FAILED, EXIT_USER_MISTAKE, EXIT_INTERRUPTED = 1, 2, 130

P = ParamSpec("P")
Command = Callable[P, None]

OUTPUT_OPTIONS = (
    click.option("--out", "-o", default=".", type=click.Path(path_type=Path), help="Folder for the files."),
    click.option("--formats", help="Only these, comma-separated, e.g. gp5,mid,txt (default: all)."),
    click.option("--show", is_flag=True, help="Print the tab too."),
    click.option("--json", "as_json", is_flag=True, help="Print events as JSON, one per line."),
)
TAB_OPTIONS = (
    click.option("--instrument", default=DEFAULTS.instrument, help="guitar (default), bass, ukulele …"),
    click.option(
        "--tuning", default="", help='A name (drop-d), open strings low to high ("D A D G A D"), or auto.'
    ),
    click.option("--capo", default="0", help="Fret of the capo, or auto."),
    click.option("--grid", default=AUTO, help="Finest written value: 1/8, 1/16, 1/8T …; default auto."),
    click.option("--swing", default=AUTO, help=f"One of {', '.join(SWING_CHOICES)}; default auto."),
)


def _with(options: tuple[Callable[[Command[P]], Command[P]], ...]) -> Callable[[Command[P]], Command[P]]:
    """Add options that several commands share."""

    def decorate(command: Command[P]) -> Command[P]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="genesis")
def app() -> None:
    """From a recording to guitar tab worth playing."""


@app.command()
@click.argument("source", metavar="AUDIO_OR_URL")
@_with(OUTPUT_OPTIONS)
@_with(TAB_OPTIONS)
@click.option("--tempo", type=float, help="Hint: quarter notes per minute.")
@click.option("--time", "time_signature", help="Hint: time signature, e.g. 3/4.")
@click.option("--start", type=float, default=0.0, help="Begin at this second.")
@click.option("--end", type=float, help="Stop at this second.")
@click.option(
    "--separate", metavar="MODEL", help="Take a band apart first: htdemucs_6s, or a model's folder."
)
@click.option("--denoise", default=AUTO, help=f"One of {', '.join(DENOISE_CHOICES)}; default auto.")
@click.option(
    "--engine", default=DEFAULTS.engine, help="What listens: genesis, basic-pitch, or auto (by instrument)."
)
@click.option("--min-confidence", type=float, default=0.0, help="Leave out notes less sure than this (0–1).")
@click.option("--allow-host", multiple=True, help="Also download from this host (may be given again).")
@click.option("--cache/--no-cache", default=True, help="Keep and reuse what was heard in a recording.")
def transcribe(
    source: str,
    out: Path,
    formats: str | None,
    show: bool,
    as_json: bool,
    allow_host: tuple[str, ...],
    cache: bool,
    **choices: Any,
) -> None:
    """Turn a recording into tab, MIDI, Guitar Pro, MusicXML and a musical analysis."""
    reporter = _reporter(as_json)

    def run() -> None:
        settings = _settings(**choices)
        from genesis_music.commands import transcribe_to_files

        transcribe_to_files(
            source, settings, out, _names(formats), reporter, hosts=allow_host, cached=cache, show=show
        )

    _guarded(run, reporter)


@app.command()
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
@_with(OUTPUT_OPTIONS)
@_with(TAB_OPTIONS)
def tab(source: Path, out: Path, formats: str | None, show: bool, as_json: bool, **choices: Any) -> None:
    """Turn notes into tab, without audio: choose frets for a MIDI, MusicXML or Guitar Pro file."""
    reporter = _reporter(as_json)

    def run() -> None:
        settings = _settings(**choices)
        from genesis_music.commands import tab_to_files

        tab_to_files(source, settings, out, _names(formats), reporter, show=show)

    _guarded(run, reporter)


@app.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8000, type=click.IntRange(0, 65535), help="Port; 0 takes any free one.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder that everything is kept in.")
@click.option("--workers", default=1, type=click.IntRange(1, 64), help="Server processes (production only).")
@click.option(
    "--example", type=click.Path(path_type=Path), help="Recording to begin with when there is none yet."
)
@click.option("--open", "open_page", is_flag=True, help="Show the page in the browser.")
def serve(
    host: str, port: int, data_dir: Path | None, workers: int, example: Path | None, open_page: bool
) -> None:
    """Run the service: alone on this machine, or with GENESIS_MODE=production one server of many."""

    def run() -> None:
        from platformdirs import user_data_path

        folder = data_dir or Path(os.environ.get("GENESIS_DATA_DIR", user_data_path("genesis-music")))
        welcome = _service("welcome").Welcome(example, open_page)
        _service("serve").serve(host, port, folder, workers, welcome)

    _guarded(run, _reporter(as_json=False))


@app.command()
@click.option(
    "--queues", default="", help="Queues to work on, e.g. cpu,gpu (default: GENESIS_WORKER_QUEUES)."
)
@click.option("--processes", default=0, type=click.IntRange(0, 256), help="Jobs at a time (default: 1).")
def worker(queues: str, processes: int) -> None:
    """Do the jobs of the service: one of as many workers as are needed."""

    def run() -> None:
        _service("worker").work(_names(queues) or (), processes)

    _guarded(run, _reporter(as_json=False))


@app.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(as_json: bool) -> None:
    """Say what is installed, what is missing, and how to get it."""
    from genesis_music.doctor import examine, print_report

    sys.exit(0 if print_report(examine(), as_json=as_json) else EXIT_FAILED)


def _settings(
    *,
    capo: str,
    tempo: float | None = None,
    time_signature: str | None = None,
    start: float = DEFAULTS.start_seconds,
    end: float | None = None,
    min_confidence: float = DEFAULTS.minimum_confidence,
    **others: str | None,
) -> Settings:
    return Settings(
        capo=_capo(capo),
        tempo_bpm=tempo,
        time_signature=parse_time_signature(time_signature) if time_signature else None,
        start_seconds=start,
        end_seconds=end,
        minimum_confidence=min_confidence,
        **others,  # type: ignore[arg-type]  # click passes exactly the options named above
    )


def _service(module: str) -> Any:
    """Load a module of the service, which is an extra."""
    from importlib import import_module

    try:
        return import_module(f"genesis_music.service.{module}")
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f'The service is not installed ({error.name} is missing): pip install "genesis-music[service]".'
        ) from error


def _reporter(as_json: bool) -> Reporter:
    return JsonReporter() if as_json else HumanReporter()


def _capo(text: str) -> int | None:
    if text == AUTO:
        return None
    if not text.isdecimal():
        raise SettingsError(f"capo {text!r}: give a fret from 0 to 12, or auto")
    return int(text)


def _names(formats: str | None) -> tuple[str, ...] | None:
    return tuple(name.strip() for name in formats.split(",") if name.strip()) if formats else None


def _guarded(run: Callable[[], None], reporter: Reporter) -> None:
    """Run a command; turn every foreseen failure into one line and the right exit code."""
    try:
        run()
    except GenesisError as error:
        reporter.failed(str(error))
        sys.exit(EXIT_USER_MISTAKE if isinstance(error, InputError) else EXIT_FAILED)
    except KeyboardInterrupt:
        reporter.failed("stopped")
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Entry point of the ``genesis`` command."""
    app(prog_name="genesis")
