"""MOI's list of registered pre-sale projects 預售屋建案, and which of them the projects are that deals name.

`headings` and `read` know the list, `homes` its number of homes, `names` how a name is spelt, `match` which names are
one project. What is in the database or the archive does not belong here; nothing is imported from there.
"""
