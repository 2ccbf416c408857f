"""A reproducible, tracked detector of deepfake face images."""

import os

# TensorFlow reads this when it is loaded, so it cannot wait for a function: without it every process opens with a
# dozen lines about CPU features. A user's own value stays.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
