"""Notes to keys, chords, Roman numerals, scales, progressions and sections."""

from genesis_music.harmony.analysis import HarmonySettings, analyse_harmony

__all__ = ["HarmonySettings", "analyse_harmony"]
