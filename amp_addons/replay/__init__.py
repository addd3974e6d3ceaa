"""Recordings: reading, scrubbing and playing them again. Knows mitmproxy's files, and nothing of a running proxy."""
