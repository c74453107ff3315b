"""Field trials of an organisation: designs on fields, prescriptions from them, and results."""
