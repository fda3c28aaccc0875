"""Accuracy against human references, one module per topic."""
