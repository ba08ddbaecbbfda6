"""What a booted container is observed with: the probe that runs inside it, and what reads the probe's answer."""
