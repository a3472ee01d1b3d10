"""What the users of one worker share; knows nothing of Locust."""
