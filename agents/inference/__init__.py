"""Prompts through an engine: admitted near its limit, identical ones together."""
