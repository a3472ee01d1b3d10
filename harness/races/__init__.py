"""The exercise that explores in which orders start-up and first use can meet."""
