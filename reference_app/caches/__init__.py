"""What is remembered between requests: for one tenant each, or for all on purpose."""
