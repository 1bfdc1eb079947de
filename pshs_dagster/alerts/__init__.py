"""Telling people: what is wrong, once; when it changed; when it is over; and what each issue brought.

`evidence` asks Dagster's instance, `troubles` decides what is wrong, `state` remembers what was told to whom,
`messages` and `digest` find the words, `sending` sends them, and `sensor` does all this by itself.
`status` gathers for a person who asks. What a check judges, and when a release is asked for, is told elsewhere.
"""
