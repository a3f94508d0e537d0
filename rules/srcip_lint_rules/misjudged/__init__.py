"""Rules about controls: which one, keyed on an address, judges the wrong one."""
