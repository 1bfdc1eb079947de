"""Files that people have corrected: taken from the archive, recorded, reported on, and loaded.

`taking` does it for one file; `job` has Dagster run it, and finds files and releases by a sensor; `runs` starts it from
outside Dagster. What a file may hold is told in `review/`, what becomes of an edit in `database/correcting/`.
"""
