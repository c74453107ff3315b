"""Wire contract: quantities, records, topics and codec. Imports only the standard library and msgspec."""
