"""What `hullproof init` knows: it looks at a project, and plans what is missing for an image that can be proven."""
