"""A provider's forecast corrected by the stations of the site: what was said, who teaches, what was learned."""
