"""The lab: predicted address = logged address, on a real kernel and with real proxies. See `docs/lab.md`.

It reads manifests by itself and imports nothing of the linter: what it builds must not share the linter's mistakes.
"""
