# Service shop/admin, by node port, port 443/TCP
# 1. from outside the cluster (note the public address you call from: compare it with what the pods see)
PORT=$(kubectl -n shop get service admin -o jsonpath='{.spec.ports[?(@.port==443)].nodePort}')
#    each node in turn (kubectl get nodes -o wide); under Local one without a pod does not answer
curl -s --max-time 5 -H 'X-Forwarded-For: 192.0.2.1' http://NODE-ADDRESS:"$PORT"/
# 2. what arrived (logs show one pod: where there are several, ask each)
kubectl -n shop logs deployment/admin --all-containers --tail=5
#    expect as the peer: a node (of kubectl get nodes -o wide, or a pod-network gateway such as 10.244.0.1)
# => Deployment shop/admin, port 8443 sees a node as its peer. The client's address is replaced at the node, and no header surely holds it.
