"""Reports, and how each face shows them."""
