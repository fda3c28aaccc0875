"""Audio to notes: engines turn audio into activations, the decoder turns activations into notes."""
