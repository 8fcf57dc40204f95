"""Test harness: what regress/run is made of."""
