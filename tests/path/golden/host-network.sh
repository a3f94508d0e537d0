# DaemonSet shop/edge, by host network, port 80/TCP
# 1. from outside the cluster (note the public address you call from: compare it with what the pods see)
#    to the address of a node that runs the pod: kubectl get nodes -o wide
curl -s --max-time 5 -H 'X-Forwarded-For: 192.0.2.1' http://NODE-ADDRESS:80/
# 2. what arrived (logs show one pod: where there are several, ask each)
kubectl -n shop logs daemonset/edge --all-containers --tail=5
#    expect as the peer: the client
#    expect in X-Forwarded-For at the end: 192.0.2.1, the client
# => backend:8080 sees a node (DaemonSet shop/edge) as its peer. The client's address is replaced at the proxy, and the last entry of X-Forwarded-For holds it.
