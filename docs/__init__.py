"""Documentation: pages in Markdown, and the generator of the reference pages."""
