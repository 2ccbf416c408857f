"""Drift: whether the pictures that are scored are still like those that a model was tried on."""
