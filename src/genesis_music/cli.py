"""The command line: parse, call, write. ``genesis --help`` lists the commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from genesis_music.errors import GenesisError, InputError, SettingsError
from genesis_music.settings import AUTO, DENOISE_CHOICES, SWING_CHOICES, Settings, parse_time_signature
from genesis_music.terminal import HumanReporter, JsonReporter, Reporter

DEFAULTS = Settings()
EXIT_FAILED, EXIT_USER_MISTAKE, EXIT_INTERRUPTED = 1, 2, 130

app = typer.Typer(
    name="genesis",
    help="From a recording to guitar tab worth playing.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

OutOption = Annotated[Path, typer.Option("--out", "-o", help="Folder for the files (made if missing).")]
FormatsOption = Annotated[
    str | None,
    typer.Option("--formats", help="Only these, comma-separated, e.g. gp5,mid,txt (default: all)."),
]
TuningOption = Annotated[
    str,
    typer.Option("--tuning", help='A name (drop-d), open strings low to high ("D A D G A D"), or auto.'),
]
CapoOption = Annotated[str, typer.Option("--capo", help="Fret of the capo, or auto.")]
InstrumentOption = Annotated[str, typer.Option("--instrument", help="guitar, bass or ukulele.")]
GridOption = Annotated[str, typer.Option("--grid", help="Finest written value: 1/8, 1/16, 1/8T … or auto.")]
SwingOption = Annotated[str, typer.Option("--swing", help=f"{', '.join(SWING_CHOICES)}.")]
ShowOption = Annotated[bool, typer.Option("--show", help="Print the tab too.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print events as JSON, one per line.")]


@app.command()
def transcribe(
    source: Annotated[str, typer.Argument(metavar="AUDIO_OR_URL", help="A recording, or a link to one.")],
    out: OutOption = Path(),
    formats: FormatsOption = None,
    instrument: InstrumentOption = "guitar",
    tuning: TuningOption = "",
    capo: CapoOption = "0",
    tempo: Annotated[float | None, typer.Option(help="Hint: quarter notes per minute.")] = None,
    time: Annotated[str | None, typer.Option(help="Hint: time signature, e.g. 3/4.")] = None,
    start: Annotated[float, typer.Option(help="Begin at this second.")] = 0.0,
    end: Annotated[float | None, typer.Option(help="Stop at this second.")] = None,
    separate: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Take a band apart first: htdemucs_6s, or a folder.")
    ] = None,
    denoise: Annotated[str, typer.Option(help=f"{', '.join(DENOISE_CHOICES)}.")] = AUTO,
    grid: GridOption = AUTO,
    swing: SwingOption = AUTO,
    engine: Annotated[str, typer.Option(help="What listens: basic-pitch.")] = DEFAULTS.engine,
    min_confidence: Annotated[float, typer.Option(help="Leave out notes less sure than this (0–1).")] = 0.0,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Also download from this host (may be given again).")
    ] = None,
    cache: Annotated[bool, typer.Option(help="Keep and reuse what was heard in a recording.")] = True,
    show: ShowOption = False,
    json: JsonOption = False,
) -> None:
    """Turn a recording into tab, MIDI, Guitar Pro, MusicXML and a musical analysis."""
    reporter = _reporter(json)

    def run() -> None:
        settings = Settings(
            engine=engine,
            instrument=instrument,
            tuning=tuning,
            capo=_capo(capo),
            tempo_bpm=tempo,
            time_signature=parse_time_signature(time) if time else None,
            start_seconds=start,
            end_seconds=end,
            separate=separate,
            denoise=denoise,
            grid=grid,
            swing=swing,
            minimum_confidence=min_confidence,
        )
        from genesis_music.commands import transcribe_to_files

        transcribe_to_files(
            source, settings, out, _names(formats), reporter, hosts=allow_host or [], cached=cache, show=show
        )

    _guarded(run, reporter)


@app.command()
def tab(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="A .mid, .musicxml, .mxl, .gp3–5 or .tab.json.")
    ],
    out: OutOption = Path(),
    formats: FormatsOption = None,
    instrument: InstrumentOption = "guitar",
    tuning: TuningOption = "",
    capo: CapoOption = "0",
    grid: GridOption = AUTO,
    swing: SwingOption = AUTO,
    show: ShowOption = False,
    json: JsonOption = False,
) -> None:
    """Turn notes into tab, without audio: choose frets for a MIDI, MusicXML or Guitar Pro file."""
    reporter = _reporter(json)

    def run() -> None:
        settings = Settings(instrument=instrument, tuning=tuning, capo=_capo(capo), grid=grid, swing=swing)
        from genesis_music.commands import tab_to_files

        tab_to_files(source, settings, out, _names(formats), reporter, show=show)

    _guarded(run, reporter)


@app.command()
def doctor(json: JsonOption = False) -> None:
    """Say what is installed, what is missing, and how to get it."""
    from genesis_music.doctor import examine, print_report

    healthy = print_report(examine(), as_json=json)
    raise typer.Exit(0 if healthy else EXIT_FAILED)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"genesis {version('genesis-music')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """From a recording to guitar tab worth playing."""


def _reporter(json: bool) -> Reporter:
    return JsonReporter() if json else HumanReporter()


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
    except InputError as error:
        reporter.failed(str(error))
        raise typer.Exit(EXIT_USER_MISTAKE) from error
    except GenesisError as error:
        reporter.failed(str(error))
        raise typer.Exit(EXIT_FAILED) from error
    except KeyboardInterrupt as error:
        reporter.failed("stopped")
        raise typer.Exit(EXIT_INTERRUPTED) from error
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Entry point of the ``genesis`` command."""
    app()
