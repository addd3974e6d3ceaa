"""What users want done with requests: rules out of plain values, a decision for each request, and the request that comes of it."""
