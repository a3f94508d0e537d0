"""Rules about loss: where the client address is replaced before whoever needs it."""
