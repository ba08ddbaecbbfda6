from hullproof.cli import main

main()
