"""`python -m atlas_lsp` is `atlas-lsp`."""

import sys

from atlas_lsp.start import server

if __name__ == "__main__":
    sys.exit(server())
