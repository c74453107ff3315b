"""HTTP plumbing: dependencies, problems, content types, pagination and query windows."""
