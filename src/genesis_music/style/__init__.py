"""What kind of music it is, with reasons."""

from genesis_music.style.detection import STYLES, detect_style

__all__ = ["STYLES", "detect_style"]
