# Service shop/edge, by load balancer, port 80/TCP
# 1. from outside the cluster (note the public address you call from: compare it with what the pods see)
ADDRESS=$(kubectl -n shop get service edge -o jsonpath='{.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}')
curl -s --max-time 5 -H 'X-Forwarded-For: 192.0.2.1' http://"$ADDRESS":80/
# 2. what arrived (logs show one pod: where there are several, ask each)
kubectl -n shop logs deployment/edge --all-containers --tail=5
#    expect as the peer: the client
kubectl -n shop logs deployment/gateway --all-containers --tail=5
#    expect as the peer: Deployment shop/edge
kubectl -n shop logs deployment/app --all-containers --tail=5
#    expect as the peer: Deployment shop/gateway
#    expect in X-Forwarded-For at the end: 192.0.2.1, the client, Deployment shop/edge or the client
#    expect in X-Real-IP at the end: the client
# => Deployment shop/app, port 3000 sees Deployment shop/gateway as its peer. The client's address is replaced at the proxy, and entry 2 from the right of X-Forwarded-For holds it.
