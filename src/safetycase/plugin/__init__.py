"""The contracts of plugins, and a catalogue read without importing implementations."""
