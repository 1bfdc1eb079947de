"""Registered projects in the database: the list, its matches to deals, and how much of each project is sold."""
