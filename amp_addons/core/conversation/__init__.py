"""What a request to a model has in it: the conversation so far, in one form for every API."""
