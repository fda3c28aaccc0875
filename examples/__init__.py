"""The example recording: its score, and how it was rendered."""
