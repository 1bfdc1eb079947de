"""Files in which people correct what the rules rejected or doubted: written for them, read back from them.

What lives here: the record of a row and of an edit (`edits.py`), the two formats (`workbook_*.py`, `document.py`),
telling one from the other (`reading.py`) and the report of what became of a file (`report.py`).
What does not: where rows come from and what becomes of edits; nothing here knows Dagster or the database.
"""
