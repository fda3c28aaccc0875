"""A user's recordings and what was made of them."""
