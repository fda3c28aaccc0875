"""What every part of the service stands on: database, storage, cache, limits, security, telemetry."""
