"""A detector as a folder that needs nothing else: networks for several engines, and all that makes them a detector."""
