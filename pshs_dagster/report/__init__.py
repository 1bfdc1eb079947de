"""The report to look at: a typed picture of the data, and the one self-contained HTML page that is made of it.

The page is template, style and scripts as files beside; every word in it stands in `words.json` in both languages.
What does not belong here: how the picture is gathered (`database/reading/market`), where the page is kept (the asset).
"""
