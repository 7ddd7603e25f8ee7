"""The ledger: every entry kept once, and folded once into the totals of its hour."""
