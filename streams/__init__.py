"""The river: how records flow. Everything that knows Kafka or Faust."""
