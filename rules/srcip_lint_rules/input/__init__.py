"""Rules about input: what could not be read, and so was not judged."""
