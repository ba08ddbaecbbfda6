"""The documentation: pages that are made from the code, and examples that are run."""
