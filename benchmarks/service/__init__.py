"""What the service costs and bears; ``python -m benchmarks.service`` (see ``__main__``)."""
