"""Joules of the machine's processors and memory, from the counters that Linux shows (RAPL).

What a graphics card or another machine takes is not in them; most systems let only root read them.
"""

from __future__ import annotations

from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
COUNTED = ("package", "dram")
"""`core` and `uncore` lie inside of a package."""


class EnergyMeter:
    """Reads what was used since the last look; the looks add up to the whole."""

    def __init__(self, powercap: Path = POWERCAP) -> None:
        self._zones = [zone for zone in sorted(powercap.glob("intel-rapl:*")) if _counts(zone)]
        self._last = self._read()

    def lap(self) -> float | None:
        """Joules since the last call; None where no counter, or not every one, can be read."""
        before, self._last = self._last, self._read()
        if not before or not self._last:
            return None
        used = (
            now - then if now >= then else now - then + _number(zone / "max_energy_range_uj")
            for zone, then, now in zip(self._zones, before, self._last, strict=True)
        )
        return sum(used) / 1e6

    def _read(self) -> tuple[int, ...]:
        try:
            return tuple(_number(zone / "energy_uj") for zone in self._zones)
        except (OSError, ValueError):
            return ()


def _counts(zone: Path) -> bool:
    try:
        return (zone / "name").read_text(encoding="ascii").startswith(COUNTED)
    except (OSError, ValueError):
        return False


def _number(path: Path) -> int:
    return int(path.read_text(encoding="ascii"))
