"""Questions of language models: an MCP server over the API that reads only.

Tools come from the API's own document and from what a key may read; answers are the API's, unchanged.
"""
