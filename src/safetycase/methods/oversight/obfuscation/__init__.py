"""What hides a flaw from three protocols, and what that costs: `oversight/obfuscation`."""
