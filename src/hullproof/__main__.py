"""`python -m hullproof`."""

from hullproof.cli import main

main()
