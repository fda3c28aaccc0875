"""Notes to written time: beats, downbeats, tempo map, metre, quantisation, notation."""
