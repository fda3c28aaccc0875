"""Recordings in: load, measure, normalise, denoise, cut into chunks, download."""
