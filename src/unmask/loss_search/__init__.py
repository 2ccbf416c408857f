"""The search for a loss: each is measured alone and alike, then one is chosen on the validation split."""
