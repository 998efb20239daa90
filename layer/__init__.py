"""How src/ and uv.lock become layer zips: `python -m layer --help`, or `./build.sh --help`."""
