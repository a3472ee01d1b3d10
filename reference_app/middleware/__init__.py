"""What happens to every request, as pure ASGI: context variables stay intact."""
