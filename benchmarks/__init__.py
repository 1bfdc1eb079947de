"""Measurements, as ratios within one run: absolute seconds say more about the machine than about the project.

Nothing here is a test. `make bench` runs them and writes `RESULTS.md`.
"""
