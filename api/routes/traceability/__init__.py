"""Routes of what others may check: EPCIS events, proofs, releases and public pages."""
