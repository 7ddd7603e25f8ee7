"""The command line, ``headrace``: one file for each family of commands. Slow imports wait for their command."""
