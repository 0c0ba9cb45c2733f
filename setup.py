"""What pyproject.toml cannot say: in a wheel `pipeline` and `sandbox` lie inside `atlas_lsp`.

Both are common names; at the top of site-packages they would hide, or be hidden by, a project's
own. `atlas_lsp/start.py` finds them by place. A checkout (`pip install -e`) keeps them where they
are.
"""

import sys

from setuptools import find_namespace_packages, setup

INNER = ("pipeline", "sandbox")
HOME = "atlas_lsp._home"


def packages(root: str) -> list[str]:
    """Folders of data count too."""
    found = find_namespace_packages(include=[root, f"{root}.*"])
    return [name for name in found if "__pycache__" not in name]


def layout() -> dict[str, object]:
    inner = [name for root in INNER for name in packages(root)]
    edge = packages("atlas_lsp")
    if "editable_wheel" in sys.argv:
        return {"packages": [*edge, *inner]}
    return {
        "packages": [*edge, *(f"{HOME}.{name}" for name in inner)],
        "package_dir": {f"{HOME}.{root}": root for root in INNER},
    }


if __name__ == "__main__":
    setup(**layout())
