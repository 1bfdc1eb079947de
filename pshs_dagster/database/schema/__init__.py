"""What the tables are on a server: looked at, altered, migrated. How they should be is told in `database/tables`."""
