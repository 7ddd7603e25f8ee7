"""Files made into documents, and documents put on the river."""
