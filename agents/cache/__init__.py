"""Duplicate detection and the semantic cache: what has been asked before need not be paid for again."""
