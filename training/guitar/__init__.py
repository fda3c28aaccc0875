"""How the guitar model is made: rendered examples, the network, its training and export."""
