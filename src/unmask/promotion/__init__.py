"""Which model is the champion: gates, decisions that are kept, and the way back."""
