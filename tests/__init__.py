"""Tests of the harness and of the reference app."""
