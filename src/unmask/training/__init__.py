"""Fitting a model: recipes, callbacks, schedules, seeds."""
