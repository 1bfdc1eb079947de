"""Taiwan's registered prices of pre-sale houses (預售屋實價登錄), from the ministry's site into a database.

Start reading at `definitions.py` (the Dagster code location) or at `cli.py` (the command `pshs`).
What a deal is stands in `deals/`, what a release is in `releases.py`; neither knows Dagster.
"""
