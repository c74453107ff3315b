"""SenML packs (RFC 8428)."""
