"""Alembic's migrations: env.py runs them on the connection that `migrate` passes; steps are in versions/."""
