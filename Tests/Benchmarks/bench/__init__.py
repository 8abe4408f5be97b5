"""How the rows of the benchmark are prepared, measured and shown; `../bench.py` is the command."""
