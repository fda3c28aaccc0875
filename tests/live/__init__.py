"""What can be run of a whole installation on one machine: real nginx, Prometheus, Alertmanager, PostgreSQL, S3."""
