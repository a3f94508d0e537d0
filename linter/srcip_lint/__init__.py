"""srcip-lint: find where Kubernetes manifests lose, believe, misjudge or drop the client's source IP."""

__version__ = "0.1.0"
