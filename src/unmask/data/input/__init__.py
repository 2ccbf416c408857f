"""From shards to the batches that models take: read, decoded, shuffled, varied."""
