"""Rules of the family misjudged."""
