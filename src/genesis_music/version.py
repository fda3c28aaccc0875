"""The version, stated once: asking the installed package's metadata costs 50 ms at every start."""

__version__ = "0.1.0"
