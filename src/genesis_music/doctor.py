"""``genesis doctor``: what is installed, what is missing, and the command that gets it."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from genesis_music.cache import user_cache_folder
from genesis_music.errors import GenesisError
from genesis_music.version import __version__


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``required`` parts that are not ``ok`` make Genesis unusable; others only add to it."""

    name: str
    ok: bool
    required: bool
    detail: str
    remedy: str = ""


def examine() -> tuple[Check, ...]:
    """Look at everything Genesis can use."""
    checks: tuple[Callable[[], Check], ...] = (_python, _decoder, _engine, _cache, _links, _separation)
    return (*(check() for check in checks), *_service())


def print_report(checks: Sequence[Check], *, as_json: bool) -> bool:
    """Print the findings; return whether everything required is there."""
    healthy = all(check.ok for check in checks if check.required)
    if as_json:
        print(json.dumps({"healthy": healthy, "checks": [asdict(check) for check in checks]}))
        return healthy
    for check in checks:
        mark = "ok     " if check.ok else "MISSING" if check.required else "optional"
        print(f"{mark:9}{check.name:12} {check.detail}")
        if not check.ok and check.remedy:
            print(f"{'':22}→ {check.remedy}")
    print("Everything needed is there." if healthy else "Something needed is missing: see above.")
    return healthy


def _python() -> Check:
    detail = f"Python {platform.python_version()}, genesis-music {__version__}"
    return Check("program", ok=True, required=True, detail=detail)


def _decoder() -> Check:
    try:
        import av
    except ImportError as error:
        return Check("decoder", False, True, str(error), "pip install --force-reinstall av")
    ffmpeg = ".".join(map(str, av.library_versions["libavformat"]))
    return Check("decoder", True, True, f"PyAV {av.__version__}, FFmpeg libavformat {ffmpeg}")


def _engine() -> Check:
    if os.environ.get("GENESIS_MODE") == "production" and not find_spec("onnxruntime"):
        detail = "no neural network: an API server needs none, a worker does"
        return Check("engine", False, False, detail, "pip install onnxruntime, or the image of workers")
    remedy = "pip install --force-reinstall genesis-music onnxruntime"
    try:
        import numpy as np

        from genesis_music.audio.recording import ArrayAudio
        from genesis_music.transcription.engines import ENGINES, get_engine

        for engine in map(get_engine, ENGINES):
            silence = ArrayAudio(np.zeros(engine.sample_rate_hz, np.float32), engine.sample_rate_hz)
            next(iter(engine.activations(silence)))
    except (GenesisError, ImportError) as error:
        return Check("engine", False, True, str(error), remedy)
    return Check("engine", True, True, f"{' and '.join(ENGINES)} hear (onnxruntime {version('onnxruntime')})")


def _cache() -> Check:
    folder = user_cache_folder()
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    writable = os.access(existing, os.W_OK)
    detail = f"{folder} ({free / 1e9:.0f} GB free)" if writable else f"{existing} cannot be written"
    return Check("cache", writable, False, detail, "get the right to write there, or use --no-cache")


def _links() -> Check:
    remedy = 'pip install "genesis-music[youtube]"'
    if not find_spec("yt_dlp"):
        return Check("links", False, False, "YouTube and other links: yt-dlp is not installed", remedy)
    runtime = next((name for name in ("deno", "node", "bun", "qjs") if shutil.which(name)), None)
    if not (runtime or find_spec("deno")):
        return Check("links", False, False, f"yt-dlp {version('yt-dlp')}, but no JavaScript runtime", remedy)
    return Check("links", True, False, f"yt-dlp {version('yt-dlp')}, JavaScript by {runtime or 'deno'}")


def _separation() -> Check:
    try:
        detail = f"Demucs {version('demucs')}, PyTorch {version('torch')}"
    except PackageNotFoundError as error:
        detail = f"taking bands apart: {error.name} is not installed"
        return Check("separation", False, False, detail, 'pip install "genesis-music[separate]"')
    return Check("separation", True, False, detail)


def _service() -> tuple[Check, ...]:
    """The service: whether it is installed and, where the environment has its settings, whether they work."""
    if not all(find_spec(name) for name in ("fastapi", "celery", "sqlalchemy", "socketio")):
        detail = "the service is not installed"
        return (Check("service", False, False, detail, 'pip install "genesis-music[service]"'),)
    if "GENESIS_DATABASE_URL" not in os.environ and os.environ.get("GENESIS_MODE") != "production":
        return (Check("service", True, False, "installed; `genesis serve` runs it on this machine"),)
    from genesis_music.service.doctor import examine_service

    return examine_service()
