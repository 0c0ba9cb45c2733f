"""Joules come from the counters of the system, each counted once; what cannot be read is None."""

from __future__ import annotations

from pathlib import Path

from pipeline.bench.energy import EnergyMeter

RANGE = 1_000_000_000


def zone(folder: Path, name: str, about: str, uj: int) -> Path:
    path = folder / name
    path.mkdir(exist_ok=True)
    (path / "name").write_text(f"{about}\n")
    (path / "energy_uj").write_text(f"{uj}\n")
    (path / "max_energy_range_uj").write_text(f"{RANGE}\n")
    return path


def machine(folder: Path, *, first: int, memory: int, second: int) -> Path:
    """Two sockets; the core and the copy of the first socket lie in what is counted already."""
    (folder / "intel-rapl").mkdir(exist_ok=True)
    zone(folder, "intel-rapl:0", "package-0", first)
    zone(folder, "intel-rapl:0:0", "core", first)
    zone(folder, "intel-rapl:0:1", "dram", memory)
    zone(folder, "intel-rapl-mmio:0", "package-0", first)
    zone(folder, "intel-rapl:1", "package-1", second)
    return folder


def test_each_socket_and_its_memory_is_counted_once(tmp_path: Path):
    meter = EnergyMeter(machine(tmp_path, first=10, memory=20, second=30))
    machine(tmp_path, first=1_000_010, memory=200_020, second=30)
    assert meter.lap() == 1.2
    machine(tmp_path, first=1_000_010, memory=200_020, second=500_030)
    assert meter.lap() == 0.5
    assert meter.lap() == 0


def test_a_counter_that_began_anew_is_counted_on(tmp_path: Path):
    meter = EnergyMeter(machine(tmp_path, first=RANGE - 1_000_000, memory=0, second=0))
    machine(tmp_path, first=2_000_000, memory=0, second=0)
    assert meter.lap() == 3.0


def test_a_machine_without_counters_gives_no_number(tmp_path: Path):
    assert EnergyMeter(tmp_path / "none").lap() is None


def test_half_of_the_counters_is_no_number(tmp_path: Path):
    meter = EnergyMeter(machine(tmp_path, first=0, memory=0, second=0))
    (tmp_path / "intel-rapl:1" / "energy_uj").unlink()
    assert meter.lap() is None
    machine(tmp_path, first=5, memory=5, second=5)
    assert meter.lap() is None
    machine(tmp_path, first=1_000_005, memory=5, second=5)
    assert meter.lap() == 1.0
