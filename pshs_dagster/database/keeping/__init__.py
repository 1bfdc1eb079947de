"""The whole database into one file, and back into an empty one. Where such files are kept is told elsewhere."""
