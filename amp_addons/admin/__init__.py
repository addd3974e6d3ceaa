"""What the endpoint catalogs mean for a network: `egress` gathers it, and there is a module for each form it is written in.

Contract: no I/O. Whatever comes from a user's catalog or amp.url is checked by `egress` to be a host and a port, or is written by
`comment` so that it stays in its comment (THREATS 7).
"""
