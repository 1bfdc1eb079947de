"""Statistics of deals, computed in the database by SELECTs that stand in .sql files, and kept up to date by month."""
