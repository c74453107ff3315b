"""The routes: each reads its parameters, asks a query and names its answer."""
