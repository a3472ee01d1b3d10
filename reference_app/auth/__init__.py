"""Who is calling: passwords, tokens, members and the operator."""
