"""The ground: safe text, programs, interruptions."""
