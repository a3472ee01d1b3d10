"""Grey-box taps: they record what happens inside the app."""
