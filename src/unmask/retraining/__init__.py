"""One retraining from end to end, as CI runs it: `unmask retrain`."""
