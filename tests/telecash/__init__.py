"""The Telecash client against the Telecash simulator, over real sockets."""
