"""Where deals live: tables and their migrations, loading, reading back. Imports no Dagster.

What does not belong here: what a deal is and which of them are sound (`deals/`), and where the raw
files are kept (`archive.py`).
"""
