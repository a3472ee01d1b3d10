"""Exercise: loads the app with Locust, in processes of its own."""
