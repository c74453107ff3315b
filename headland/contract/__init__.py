"""What crosses a process boundary: quantities, records, topics, codec. Only the standard library and msgspec."""
