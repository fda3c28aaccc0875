"""Notes to places on the fretboard: tunings, fingering search, techniques, difficulty."""
