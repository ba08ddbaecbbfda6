"""The release board: a small web service that keeps Hullproof reports and shows them.

Where to read on: `main.py` lists every address, `pages.py` and `api.py` answer them, `store.py` keeps the reports.
It never imports the toolkit, nor the toolkit it. What both agree on is the report's JSON Schema, of which it has a copy.
"""
