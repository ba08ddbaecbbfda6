"""The room that talks to engines, as far as that needs none."""
