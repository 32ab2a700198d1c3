"""The command line, the demo drive and the benchmarks."""
