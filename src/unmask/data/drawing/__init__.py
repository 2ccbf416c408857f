"""Draws the sample data set: portraits, a camera that takes them, and a generator that fakes them.

Needs NumPy, SciPy and Pillow only. It says nothing about real photographs or real deepfakes.
"""
