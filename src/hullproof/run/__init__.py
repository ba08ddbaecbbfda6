"""A run: its id and labels, what it leaves and who owns that, and how it ends."""
