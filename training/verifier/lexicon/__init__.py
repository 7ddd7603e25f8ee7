"""What the generator knows: things people ask about, and ways to ask. Written by hand from general knowledge."""
