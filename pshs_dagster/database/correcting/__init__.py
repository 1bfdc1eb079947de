"""What people corrected: the ledger, its effect on the tables, and the way from a person's edits into it."""
