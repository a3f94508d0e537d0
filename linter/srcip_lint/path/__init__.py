"""Source paths: which address arrives where, by every way a packet can take."""
