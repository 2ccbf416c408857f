"""Mirrors what the pipeline wrote to MLflow; the only importer of mlflow."""
