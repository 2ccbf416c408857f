"""Judging a trained model on images it has never seen."""
