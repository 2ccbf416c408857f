"""Training images as they are, for tests that vary them in one way or in none."""

from dataclasses import fields

from unmask.config import AugmentationConfig

UNVARIED = AugmentationConfig(**{field.name: 0.0 for field in fields(AugmentationConfig)})
