"""Why a model judged a picture as it did: heatmaps, and whether they can be believed."""
