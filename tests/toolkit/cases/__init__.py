"""The corpus: a good project, sabotaged copies of it, and benign variants, each made by small named edits.

`good/` is the project. `catalogue.CASES` are the cases; `catalogue.materialise(case, folder)` writes one out.
"""
