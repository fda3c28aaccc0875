"""What kind of music it is, with reasons."""
