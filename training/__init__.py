"""How what ships learned was made; never imported at run time."""
