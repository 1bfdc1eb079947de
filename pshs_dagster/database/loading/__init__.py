"""How a copy of a release goes into the tables, and whether it is there. `load.py` tells the order of the steps."""
