"""Tables as files: CSV, Parquet, Arrow and spreadsheets."""
