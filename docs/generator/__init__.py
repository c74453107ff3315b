"""Generator of the reference pages: the code in, Markdown out."""
