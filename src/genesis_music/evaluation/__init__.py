"""Accuracy measures against human references."""
