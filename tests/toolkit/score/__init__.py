"""The score: `prove` over the whole corpus on the real engine, and how far it can be believed.

What is measured goes into records, a line of JSON each; the page is made from records and from nothing else. An outcome
that was recorded stands: no case is tried until it comes out right.
"""
