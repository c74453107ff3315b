"""Routes of EPCIS 2.0: capture of documents and events, queries, and what the events name."""
