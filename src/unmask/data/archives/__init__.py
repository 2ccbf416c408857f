"""Zips of labelled faces, read in place and never trusted: their directory, names, tables, and their members' bytes."""
