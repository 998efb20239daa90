"""The layer report: one HTML page with the layer's bytes, its imports, its targets and its benchmarks.

`./build.sh report` measures, draws and writes it; nothing in the page asks the network for anything.
"""
