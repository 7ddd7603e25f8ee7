"""The contract: what travels on a topic, and the money it is counted in. Imports nothing of ours."""
