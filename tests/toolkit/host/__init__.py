"""The machine: installing an engine, certificates, stand-in bases."""
