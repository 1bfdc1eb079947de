"""MOI's list of registered projects, its matches to deals, and absorption."""
