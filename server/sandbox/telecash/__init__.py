"""A Telecash of our own for development and tests: SOAP service, hosted page, and a ledger that tells the truth."""

from server.sandbox.telecash.app import create_simulator
from server.sandbox.telecash.config import ProductionRefused, SimulatorConfig, Switches

__all__ = ["ProductionRefused", "SimulatorConfig", "Switches", "create_simulator"]
