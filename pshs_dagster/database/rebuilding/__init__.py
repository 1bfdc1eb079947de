"""The tables built anew beside the present ones, and swapped. `rebuild.py` tells the order of the steps."""
