"""How the shipped models were made; never imported at run time."""
