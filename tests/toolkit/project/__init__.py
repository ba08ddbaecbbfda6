"""Reading a project's tree."""
