"""Reading Dockerfiles."""
