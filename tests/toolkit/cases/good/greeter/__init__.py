"""A service that greets whoever asks."""
