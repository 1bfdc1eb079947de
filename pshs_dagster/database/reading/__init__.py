"""What the tables tell: of the past, of one deal, of what was loaded. Nothing here writes into the database."""
