"""The finance service: an API over the ledger's SQL, and the console that it serves. It reads no Kafka."""
