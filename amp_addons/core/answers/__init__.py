"""Answers that the proxy gives itself, and what is changed in those that come from upstream."""
