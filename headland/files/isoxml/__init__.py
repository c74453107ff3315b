"""ISOXML of tractors and combines (ISO 11783-10): task data, and the time logs that it names."""
