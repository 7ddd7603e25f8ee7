"""Documents and questions that were written for the tests."""
