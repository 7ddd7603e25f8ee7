"""Settlement: of all answers to a request exactly one becomes its response and its bill."""
