"""The known attacks on a protocol, with compute that is counted."""
