"""Files in which people correct, written and given back."""
