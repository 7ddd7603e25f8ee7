"""The services for a machine that has none: Kafka, Valkey and a small model, all on 127.0.0.1."""
