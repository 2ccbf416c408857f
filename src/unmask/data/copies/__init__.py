"""Which images show the same picture: hashes propose pairs, the pictures themselves decide."""
