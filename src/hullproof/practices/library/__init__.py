"""What practices share: how to read accounts, commands, files, logs and processes off the facts."""
