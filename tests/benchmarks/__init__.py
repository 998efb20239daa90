"""Benchmarks of the layer against a baseline, in turns in one run: medians and ratios, never an assertion on time."""
