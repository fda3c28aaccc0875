"""The deployment files, as the programs that will read them see them. Nothing is started, nothing needs a network."""
