"""The web service: an API and a page around one detector. A picture lives in memory, for its request."""
