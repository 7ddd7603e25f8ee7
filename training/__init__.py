"""Making the models that are shipped, from data that is generated here. Nothing imports it but benches and tests."""
