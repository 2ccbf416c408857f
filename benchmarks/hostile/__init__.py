"""Requests that mean a service ill, by kind; `benchmarks.hostile_inputs` sends them."""
