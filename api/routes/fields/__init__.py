"""Routes of fields: outlines, base map, photos, recommendations and prescriptions."""
