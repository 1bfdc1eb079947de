"""One module a migration, named by its number. Published ones are never edited."""
