"""The machine: what it has for an engine, how to install one, its certificates and indexes, its base images."""
