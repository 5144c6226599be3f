"""The rows, a file an area. Each function with @measures names the rows of references.toml that it reports."""

ROWS = {}


def measures(*names):
    def keep(function):
        ROWS[function] = names
        return function
    return keep
