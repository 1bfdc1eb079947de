"""MOI's site over HTTP, played by a server that is scripted."""
