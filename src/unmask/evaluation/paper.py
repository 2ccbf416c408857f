"""What the paper reports, to stand beside what is measured here.

Source: Elsharaby, "Deepfakes Face image, Face Manipulation and Fake Detection": test accuracy on the 20,000 test
images of Kaggle's "140k Real and Fake Faces". It gives no intervals.
"""

from collections.abc import Mapping

PAPER = "Elsharaby"
PAPER_SPLIT = "reported on the full 140k test split"
PAPER_METRIC = "accuracy_score"
PAPER_IMAGES = 20_000
PAPER_ACCURACY: Mapping[str, float] = {"cnn": 0.72, "resnet50": 0.98852}
