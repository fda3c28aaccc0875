"""Who a user is: accounts, sessions, API keys, preferences."""
