"""Evidence: made, signed, attached, found, verified and refused. No engine is needed."""
