"""The layer report: one HTML page with the layer's bytes, its imports, its targets and its benchmarks.

`./build.sh report` measures, draws and writes it; the page makes no network requests.
"""
