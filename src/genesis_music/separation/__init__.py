"""One recording to stems: Demucs when installed and asked for, else the recording itself."""
