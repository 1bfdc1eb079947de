"""An offline stand-in for MOI's site, with made-up deals in the real formats.

For demonstrations, tests and benchmarks. Nothing in the pipeline may import from here: the pipeline meets the
sandbox as it meets the ministry, over HTTP.
"""
