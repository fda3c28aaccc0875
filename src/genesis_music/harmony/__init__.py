"""Notes to keys, chords, Roman numerals, scales, progressions and sections."""
