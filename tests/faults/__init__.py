"""Faults on purpose: kills, interruptions, overload, hostile input and engines that misbehave, and what held.

`./nox -s faults` runs every scenario at its size for CI, `-- --nightly` at its full size, `-- NAME` one of them.
What came of it is kept as JSON in `results.json` with `-- --record`; docs/reference/reliability.md is made from that.

A scenario is a function in `scenarios/`, which is a list that reads itself::

    @scenario("two-words", about=TOOLKIT, claim="What holds, as a sentence.", unit="proofs", ci=2, nightly=50)
    def two_words(ground: Ground, size: int) -> Iterator[Attempt]:
        for _ in range(size):
            yield None if it_held else "what was seen instead"

It yields once per attempt. What it measures on the way goes into `ground.figures`; random choices come from
`ground.random`, whose seed is shown and can be given again. Claims that a plain test holds are rows in `tested.py`.
"""
