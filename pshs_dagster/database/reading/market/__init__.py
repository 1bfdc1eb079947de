"""What the tables tell of the market, gathered for a report. Nothing here writes, and nothing knows how it looks."""
