"""Variants that look suspicious and keep every tenant apart."""
