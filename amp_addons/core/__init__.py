"""What we know of the traffic, without I/O: no mitmproxy, no rich, no files, no clocks."""
