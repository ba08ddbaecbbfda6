"""Every scenario: a module here is found by itself."""
