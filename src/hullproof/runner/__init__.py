"""Proving: what is gathered of a project, what its practices say of it, one project or many."""
