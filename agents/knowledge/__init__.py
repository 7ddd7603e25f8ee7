"""The knowledge stage: documents made ready to be retrieved from."""
