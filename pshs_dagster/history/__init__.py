"""The history loaded anew: from the archive alone, or fetched once more.

`replay` loads every copy in the order of knowledge into new tables; `job` has Dagster run it and record what was
proved; `runs` starts that from outside Dagster. How new tables take the place of the present ones is no concern of
this package: see `database/rebuilding/rebuild.py`.
"""
