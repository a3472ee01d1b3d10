"""Work that goes on after its answer was sent, in tasks that belong to the app."""
