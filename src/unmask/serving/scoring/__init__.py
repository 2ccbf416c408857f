"""Scoring millions: a folder, a zip or a place on S3 becomes a table in parts, each made whole or not at all."""
