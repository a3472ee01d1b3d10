"""Taps that have what an app does outside wait for its turn."""
