# Service shop/app, by load balancer, port 80/TCP
# 1. from outside the cluster (note the public address you call from: compare it with what the pods see)
ADDRESS=$(kubectl -n shop get service app -o jsonpath='{.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}')
curl -s --max-time 5 -H 'X-Forwarded-For: 192.0.2.1' http://"$ADDRESS":80/
# 2. what arrived (logs show one pod: where there are several, ask each)
kubectl -n shop logs deployment/app --all-containers --tail=5
#    expect as the peer: the client
# => Deployment shop/app, port 8080 sees the client's own address.
