"""`python -m docs.manual`: the manual page, made of the parser."""

from __future__ import annotations

from importlib.metadata import version

from argparse_manpage.manpage import Manpage

from atlas_lsp.cli import parser

if __name__ == "__main__":
    top = parser()
    top.man_short_description = "write, mend and test Python functions, proved in a sandbox"
    print(Manpage(top, {"project_name": "atlas", "version": version("atlas-lsp")}))
