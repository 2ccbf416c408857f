"""Using a trained model on pictures from outside the pipeline."""
