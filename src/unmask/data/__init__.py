"""From an archive to shards to batches; the only package that uses TensorFlow itself."""
