"""Rules about settings that the API rejects or nobody reads."""
