"""Connectors that run programs of other ecosystems unchanged."""
