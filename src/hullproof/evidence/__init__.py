"""Evidence that travels with an image: statements made of reports, signed, attached in a registry, found and verified.

Nothing here needs an engine. `registry` speaks to registries, `keys` signs, `envelope` reads and writes what was signed,
`judging` says whether it holds.
"""
