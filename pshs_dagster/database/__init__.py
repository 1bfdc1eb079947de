"""Where deals live: tables, their schema on a server, loading, reading, rebuilding. Imports no Dagster.

What does not belong here: what a deal is and which of them are sound (`deals/`), and where the raw
files are kept (`archive.py`).
"""
