"""What is made for readers once a release is verified: absorption, the report, the data set. When, and by which run.

What they are is told by their assets. Loading a release does none of it, so that an issue stays cheap and a history
of many releases is published once.
"""
