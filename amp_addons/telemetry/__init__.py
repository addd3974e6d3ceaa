"""Flows as OpenTelemetry's spans and metrics: what is said is in `spans` and `metrics`, without I/O; how it is sent is in `export`."""
