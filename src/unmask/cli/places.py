"""Where the pipeline's files lie, from the root of the checkout."""

from pathlib import Path

PROFILES = Path("profiles")
PARAMETERS = Path("params.yaml")
MODELS = Path("models")
REPORTS = Path("reports")
BUNDLES = Path("bundles")
RAW, SPLIT = Path("data/raw"), Path("data/split")
