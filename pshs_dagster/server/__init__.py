"""What Dagster itself needs on a server, named in `deploy/dagster.yaml`: where it keeps its own tables, and how it
learns that a run has died.

Nothing else of the project imports this room, and nothing here knows deals.
"""
