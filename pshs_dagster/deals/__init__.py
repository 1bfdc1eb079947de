"""What a deal is: the columns that MOI publishes, how its files are read, parsed and judged.

Nothing here knows Dagster, the database or the network; bytes and frames come in, frames go out.
"""
