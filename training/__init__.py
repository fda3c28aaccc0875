"""How the weights that ship with the package were made. Never imported at run time."""
