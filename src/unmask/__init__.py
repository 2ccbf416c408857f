"""A reproducible, tracked detector of deepfake face images."""
