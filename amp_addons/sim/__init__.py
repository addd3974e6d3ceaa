"""A simulated Amp service for tests, the demonstration and benchmarks: on this machine alone, over TLS, the same every time."""

from amp_addons.sim.server import SimulatedAmp, simulator

__all__ = ["SimulatedAmp", "simulator"]
