"""What the engine shows, as plain frozen data."""
