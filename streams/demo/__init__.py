"""The demo: a bank's day in a minute, published, answered, and checked against what it should have been."""
