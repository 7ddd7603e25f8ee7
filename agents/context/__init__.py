"""Context: the cheapest prompt that still carries the answer, and the model that gets it."""
