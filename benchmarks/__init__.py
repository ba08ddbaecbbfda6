"""What things cost, measured beside a floor or a peer in the same run: `./nox -s bench`.

A benchmark is no test: a figure that misses its aim is printed as missed, and nothing fails.
"""
