# Service shop/app, by node port, port 80/TCP
# 1. from outside the cluster (note the public address you call from: compare it with what the pods see)
PORT=$(kubectl -n shop get service app -o jsonpath='{.spec.ports[?(@.port==80)].nodePort}')
#    each node in turn (kubectl get nodes -o wide); under Local one without a pod does not answer
curl -s --max-time 5 -H 'X-Forwarded-For: 192.0.2.1' http://NODE-ADDRESS:"$PORT"/
# 2. what arrived (logs show one pod: where there are several, ask each)
kubectl -n shop logs deployment/app --all-containers --tail=5
#    expect as the peer: the client
# => Deployment shop/app, port 8080 sees the client's own address. The node may drop the connection.
