"""Telecash (First Data / Fiserv IPG): SOAP service and hosted payment page."""

from server.gateways.telecash.client import TelecashGateway
from server.gateways.telecash.settings import TelecashSettings

__all__ = ["TelecashGateway", "TelecashSettings"]
