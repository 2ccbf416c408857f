"""Measurements on real faces, and the page that shows them; not part of the pipeline."""
