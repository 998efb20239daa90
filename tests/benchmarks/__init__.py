"""Benchmarks: ours and theirs side by side in one run, alternating; medians and ratios, never an assertion on time."""
