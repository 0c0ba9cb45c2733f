"""The edge: the language server and the command line."""
