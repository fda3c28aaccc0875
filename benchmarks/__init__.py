"""Accuracy and speed, measured by commands whose results are committed as data."""
