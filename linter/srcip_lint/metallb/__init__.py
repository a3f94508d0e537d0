"""MetalLB as a model: which pool a Service's address comes from, who may announce it, from which nodes, to whom.

Rules ask it through the model (`model.metallb`); placement is asked beside it.
"""
