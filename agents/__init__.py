"""The work: one folder a stage, each saying what to do with one record. No Kafka and no Faust in here."""
