"""What a run needs, started and torn down; import the module you want."""
