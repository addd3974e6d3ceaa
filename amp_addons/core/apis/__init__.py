"""What each API's events mean: one module an API, all with the same shape (`reading.Reading`)."""
