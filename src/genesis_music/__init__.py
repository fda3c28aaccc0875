"""Genesis Music: from a recording to guitar tab worth playing.

>>> from genesis_music import transcribe
>>> transcription = transcribe("song.mp3")  # doctest: +SKIP
>>> transcription  # in a notebook: shows the tab  # doctest: +SKIP
"""
