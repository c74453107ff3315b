"""Samples that programs post over HTTP: SenML and line protocol as the SenML packs of devices."""
