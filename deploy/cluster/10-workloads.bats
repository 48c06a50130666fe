#!/usr/bin/env bats
# Controllers, probes and services.

load support

@test "node: Ready, with this runtime's name and version" {
    version=$(field "node/$cluster_node" .status.nodeInfo.containerRuntimeVersion)
    [[ $version =~ ^carpel://[0-9]+\.[0-9]+ ]]
    has "node/$cluster_node" '.status.conditions[?(@.type=="Ready")].status' True
    has "node/$cluster_node" '.status.runtimeHandlers[?(@.name=="")].features.userNamespaces' true
    has "node/$cluster_node" '.status.runtimeHandlers[?(@.name=="")].features.recursiveReadOnlyMounts' true
    shown "$version, kubelet $(field "node/$cluster_node" .status.nodeInfo.kubeletVersion)"
}

@test "probes.yaml: startup by tcp, liveness by http and grpc, readiness by exec" {
    kubectl rollout status deployment/probes --timeout 90s
    mapfile -t pods < <(kubectl get pods -l app=probes -o name | cut -d/ -f2)
    equal 2 "${#pods[@]}"
    equal 0 "$(restarts "${pods[0]}")"
    # Not ready: out of the service, but not restarted.
    inside "${pods[0]}/web" rm /tmp/ready
    wait_for 20 has "pod/${pods[0]}" '.status.conditions[?(@.type=="Ready")].status' False
    wait_for 10 one_endpoint_ready
    # Not alive, by http and by grpc: both are restarted.
    inside "${pods[0]}/web" rm /www/index.html
    inside "${pods[0]}/hand" touch /tmp/sick
    wait_for 40 restarted_once "${pods[0]}" web
    wait_for 40 restarted_once "${pods[0]}" grpc
    inside "${pods[0]}/hand" rm /tmp/sick
    contains "$(kubectl logs "${pods[0]}" -c grpc --previous)" "health is served"
    kubectl delete pod "${pods[0]}" --wait=false
    kubectl rollout status deployment/probes --timeout 90s
    equal 0 "$(restarts "${pods[1]}")"
    shown "2 pods ready; one fell out of its service, its containers were restarted; replaced when deleted"
}

one_endpoint_ready() {
    [ "$(kubectl get endpointslices -l kubernetes.io/service-name=probes -o json \
        | jq '[.items[].endpoints[] | select(.conditions.ready)] | length')" = 1 ]
}

restarted_once() {
    local count
    count=$(field "pod/$1" ".status.containerStatuses[?(@.name==\"$2\")].restartCount")
    [ "$count" -ge 1 ]
}

@test "hostport.yaml: a server by the node's port, by its address, and as an endpoint of a service" {
    ready hostport client
    address=$(field pod/hostport .status.podIP)
    contains "$(curl -fsS --max-time 10 http://127.0.0.1:31880/)" "served by nginx"
    contains "$(curl -fsS --max-time 10 "http://$address/")" "served by nginx"
    contains "$(inside client wget -q -O - "http://$address/")" "served by nginx"
    equal "$address" "$(kubectl get endpointslices -l kubernetes.io/service-name=hostport -o json \
        | jq -r '.items[].endpoints[].addresses[0]')"
    shown "$address answers to the node and to another pod, and on the node's port 31880"
}

@test "sidecar.yaml: init containers in order, the sidecar among them ends last" {
    kubectl wait --for condition=Complete --timeout 90s job/sidecar
    pod=$(kubectl get pods -l job-name=sidecar -o name)
    equal "first server" "$(kubectl logs "$pod" -c second | xargs)"
    equal "first server second done" "$(kubectl logs "$pod" -c main | xargs)"
    contains "$(kubectl logs "$pod" -c server)" "the sidecar ends"
    equal 0 "$(kubectl get "$pod" -o json | jq '[.status.initContainerStatuses[].state.terminated.exitCode] | add')"
    shown "order kept; the sidecar was told to end after the main container, and the job is complete"
}

@test "many.yaml: a job of twenty pods, a daemon set, a stateful set" {
    kubectl wait --for condition=Complete --timeout 120s job/many
    equal "$(seq 0 19 | xargs)" "$(for pod in $(kubectl get pods -l job-name=many -o name); do kubectl logs "$pod"; done | sort -n | xargs)"
    kubectl rollout status daemonset/every-node --timeout 60s
    kubectl rollout status statefulset/ordered --timeout 60s
    equal ordered-1 "$(inside ordered-1 hostname)"
    kubectl delete pod ordered-0 --timeout 30s
    kubectl rollout status statefulset/ordered --timeout 60s
    shown "20 indices once each; ordered-0 came back under its name"
}

@test "static.yaml: a pod that only the node knows" {
    wait_for 60 has "pod/static-$cluster_node" .status.phase Running
    before=$(field "pod/static-$cluster_node" '.metadata.annotations.kubernetes\.io/config\.hash')
    sed -i s/5555555/6666666/ "$CARPEL_CLUSTER/static/static.yaml"
    wait_for 60 changed_static "$before"
    contains "$(inside "static-$cluster_node" ps)" "sleep 6666666"
    rm "$CARPEL_CLUSTER/static/static.yaml"
    wait_for 60 gone "pod/static-$cluster_node"
    shown "ran from its file, was replaced when the file changed, went with the file"
}

changed_static() {
    local now
    now=$(field "pod/static-$cluster_node" '.metadata.annotations.kubernetes\.io/config\.hash')
    [ -n "$now" ] && [ "$now" != "$1" ] && has "pod/static-$cluster_node" .status.phase Running
}

gone() {
    ! kubectl get "$1"
}

@test "broken.yaml: what cannot start says why, and starts once it can" {
    wait_for 60 waits no-image ErrImagePull ImagePullBackOff
    contains "$(kubectl describe pod no-image)" "example.test/carpel/absent:1"
    wait_for 60 broken_program
    contains "$(kubectl describe pod no-program)" "/no/such/program"
    wait_for 60 waits no-key CreateContainerConfigError
    kubectl create configmap late --from-literal key=value
    ready no-key
    equal value "$(inside no-key sh -c 'echo $LATE')"
    wait_for 60 handler_refused
    kubectl delete pod no-image no-program no-key no-handler --timeout 60s
    kubectl delete configmap late
    shown "a missing image, program, key and handler are each named in the pod's events"
}

# waits POD REASON…: its container waits for one of these reasons.
waits() {
    local pod=$1 reason
    reason=$(field "pod/$pod" '.status.containerStatuses[0].state.waiting.reason')
    shift
    case " $* " in
        *" $reason "*) [ -n "$reason" ] ;;
        *) return 1 ;;
    esac
}

broken_program() {
    waits no-program RunContainerError CrashLoopBackOff
}

handler_refused() {
    kubectl describe pod no-handler | grep -q 'FailedCreatePodSandBox.*absent'
}
