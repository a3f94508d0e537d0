"""The JSON Schemas that srcip-lint ships: its configuration and its reports."""
