"""The nouns: values that travel between the parts. No I/O."""
