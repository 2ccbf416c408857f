"""One encoded picture: its header, its pixels, its thumbnail, and how it is saved like all others."""
