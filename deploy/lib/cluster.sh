# shellcheck shell=bash
# A cluster of one node below one directory: etcd, the control plane and a kubelet, all on loopback,
# on top of the agent that lives in DIR/agent.

# The tree that this file is part of; the script that sources it says where.
: "${top:?}"

# The name resolves to loopback everywhere, which is where the API server looks for the kubelet.
cluster_node=localhost
cluster_parts=(kubelet metrics-server kube-scheduler kube-controller-manager kube-apiserver etcd)
# What a kubelet sets on its host, and nobody puts back.
cluster_sysctls=(vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops
    kernel.keys.root_maxkeys kernel.keys.root_maxbytes)

# How many times as long as usual things may take: an emulated machine is slow.
: "${cluster_slowness:=1}"

# cluster_pid DIR PART: its pid, or nothing. The number alone proves nothing: the process has to have
# been started by the name that only this directory has.
cluster_pid() {
    local pid
    pid=$(cat "$1/$2.pid" 2>/dev/null) || return 0
    if [ "$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | head -n 1)" = "$1/bin/$2" ]; then
        printf '%s\n' "$pid"
    fi
}

# cluster_part DIR PART arguments…: starts one in the background.
cluster_part() {
    local dir=$1 part=$2
    shift 2
    setsid "$dir/bin/$part" "$@" >>"$dir/$part.log" 2>&1 </dev/null &
    echo $! >"$dir/$part.pid"
}

# cluster_wait DIR PART SECONDS command…: until it succeeds, or the part has ended.
cluster_wait() {
    local dir=$1 part=$2 deadline=$((SECONDS + $3 * cluster_slowness))
    shift 3
    until "$@" >/dev/null 2>&1; do
        if [ -z "$(cluster_pid "$dir" "$part")" ]; then
            tail -n 20 "$dir/$part.log" | cut -c 1-400 >&2
            die "$part ended: the end of $dir/$part.log is above"
        fi
        [ $SECONDS -lt $deadline ] || die "$part was not ready in time: see $dir/$part.log"
        sleep 0.2
    done
}

cluster_kubectl() {
    local dir=$1
    shift
    KUBECONFIG=$dir/admin.conf "$dir/bin/kubectl" "$@"
}

# cluster_certificate DIR NAME SUBJECT: a key and a certificate for loopback, signed by DIR's authority.
cluster_certificate() {
    local pki=$1/pki
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$3" \
        -keyout "$pki/$2.key" -out "$pki/$2.csr" 2>/dev/null
    openssl x509 -req -in "$pki/$2.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -days 2 \
        -extfile <(printf '%s\n' \
            'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default.svc' \
            'extendedKeyUsage=serverAuth,clientAuth') -out "$pki/$2.crt" 2>/dev/null
}

cluster_certificates() {
    local pki=$1/pki
    mkdir -p "$pki"
    chmod 0700 "$pki"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -subj /CN=carpel-test -keyout "$pki/ca.key" -out "$pki/ca.crt" 2>/dev/null
    openssl genrsa -out "$pki/accounts.key" 2048 2>/dev/null
    openssl rsa -in "$pki/accounts.key" -pubout -out "$pki/accounts.pub" 2>/dev/null
    cluster_certificate "$1" server /CN=server
    cluster_certificate "$1" apiserver /O=system:masters/CN=apiserver
    cluster_certificate "$1" admin /O=system:masters/CN=admin
    cluster_certificate "$1" kube-controller-manager /CN=system:kube-controller-manager
    cluster_certificate "$1" kube-scheduler /CN=system:kube-scheduler
    cluster_certificate "$1" kubelet "/O=system:nodes/CN=system:node:$cluster_node"
}

# cluster_kubeconfig DIR NAME PORT
cluster_kubeconfig() {
    cat >"$1/$2.conf" <<END
apiVersion: v1
kind: Config
current-context: test
clusters:
  - name: test
    cluster: {server: "https://127.0.0.1:$3", certificate-authority: $1/pki/ca.crt}
users:
  - name: test
    user: {client-certificate: $1/pki/$2.crt, client-key: $1/pki/$2.key}
contexts:
  - name: test
    context: {cluster: test, user: test}
END
}

# cluster_ports COUNT: free ports, one a line; all are held at once, so none comes twice.
cluster_ports() {
    python3 - "$1" <<'END'
import socket, sys
held = [socket.socket() for _ in range(int(sys.argv[1]))]
for one in held:
    one.bind(("127.0.0.1", 0))
print("\n".join(str(one.getsockname()[1]) for one in held))
END
}

# cluster_start DIR: everything but the agent, which must answer already. Needs need_kube.
cluster_start() {
    local dir=$1
    # Whatever its root directory is, a kubelet keeps the sockets of device plugins there.
    [ -e /var/lib/kubelet ] || touch "$dir/own-var-lib-kubelet"
    sysctl "${cluster_sysctls[@]}" >"$dir/sysctls.before" 2>/dev/null || true
    cluster_control_plane "$dir"
    cluster_kubelet_config "$dir" "$(cluster_ports 1)"
    cluster_kubelet "$dir"
    cluster_wait "$dir" kubelet 120 cluster_kubectl "$dir" wait --for condition=Ready \
        --timeout 60s "node/$cluster_node"
    cluster_wait "$dir" kube-controller-manager 60 cluster_kubectl "$dir" -n default get \
        serviceaccount/default configmap/kube-root-ca.crt
}

# cluster_control_plane DIR: etcd, the API server and what acts on it; DIR/admin.conf and
# DIR/kubelet.conf lead there.
cluster_control_plane() {
    local dir=$1 name ports
    mkdir -p "$dir/bin" "$dir/static" "$dir/pods"
    for name in kubelet kube-scheduler kube-controller-manager kube-apiserver etcd kubectl; do
        ln -sfn "${kube_dir:?need_kube sets it}/kube" "$dir/bin/$name"
    done
    cluster_certificates "$dir"
    mapfile -t ports < <(cluster_ports 5)
    for name in admin kube-controller-manager kube-scheduler kubelet; do
        cluster_kubeconfig "$dir" "$name" "${ports[2]}"
    done
    cluster_etcd "$dir" "${ports[0]}" "${ports[1]}"
    cluster_apiserver "$dir" "${ports[0]}" "${ports[2]}"
    cluster_wait "$dir" kube-apiserver 90 cluster_kubectl "$dir" get --raw /readyz
    cluster_part "$dir" kube-controller-manager --kubeconfig "$dir/kube-controller-manager.conf" \
        --bind-address 127.0.0.1 --secure-port "${ports[3]}" --leader-elect=false \
        --root-ca-file "$dir/pki/ca.crt" --use-service-account-credentials \
        --service-account-private-key-file "$dir/pki/accounts.key"
    cluster_part "$dir" kube-scheduler --kubeconfig "$dir/kube-scheduler.conf" \
        --bind-address 127.0.0.1 --secure-port "${ports[4]}" --leader-elect=false
}

# cluster_etcd DIR CLIENTS PEERS
cluster_etcd() {
    local dir=$1 pki=$1/pki
    # Nothing in here outlives the test, so nothing needs to reach the disk.
    cluster_part "$dir" etcd --name test --data-dir "$dir/etcd" --unsafe-no-fsync \
        --listen-client-urls "https://127.0.0.1:$2" --advertise-client-urls "https://127.0.0.1:$2" \
        --listen-peer-urls "http://127.0.0.1:$3" --initial-cluster "test=http://127.0.0.1:$3" \
        --initial-advertise-peer-urls "http://127.0.0.1:$3" \
        --cert-file "$pki/server.crt" --key-file "$pki/server.key" --client-cert-auth \
        --trusted-ca-file "$pki/ca.crt"
}

# cluster_apiserver DIR ETCD PORT
cluster_apiserver() {
    local dir=$1 pki=$1/pki
    # No pod needs the address of the `kubernetes` service, and loopback must not stand there.
    cluster_part "$dir" kube-apiserver --etcd-servers "https://127.0.0.1:$2" \
        --etcd-cafile "$pki/ca.crt" --etcd-certfile "$pki/apiserver.crt" \
        --etcd-keyfile "$pki/apiserver.key" --bind-address 127.0.0.1 --secure-port "$3" \
        --advertise-address 198.51.100.1 --endpoint-reconciler-type none \
        --service-cluster-ip-range 198.18.0.0/24 --client-ca-file "$pki/ca.crt" \
        --tls-cert-file "$pki/server.crt" --tls-private-key-file "$pki/server.key" \
        --kubelet-client-certificate "$pki/apiserver.crt" --kubelet-client-key "$pki/apiserver.key" \
        --kubelet-certificate-authority "$pki/ca.crt" --kubelet-preferred-address-types Hostname \
        --service-account-issuer https://kubernetes.default.svc \
        --service-account-key-file "$pki/accounts.pub" \
        --service-account-signing-key-file "$pki/accounts.key" \
        --proxy-client-cert-file "$pki/apiserver.crt" --proxy-client-key-file "$pki/apiserver.key" \
        --requestheader-client-ca-file "$pki/ca.crt" --requestheader-allowed-names apiserver \
        --requestheader-username-headers X-Remote-User --requestheader-group-headers X-Remote-Group \
        --requestheader-extra-headers-prefix X-Remote-Extra- \
        --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
        --allow-privileged --watch-cache=true
}

# cluster_metrics DIR: what answers `kubectl top`, from the kubelet's numbers. Needs need_metrics_server.
cluster_metrics() {
    local dir=$1 pki=$1/pki port
    port=$(cluster_ports 1)
    ln -sfn "${metrics_server:?need_metrics_server sets it}" "$dir/bin/metrics-server"
    cluster_part "$dir" metrics-server --kubeconfig "$dir/admin.conf" \
        --authentication-kubeconfig "$dir/admin.conf" --authorization-kubeconfig "$dir/admin.conf" \
        --bind-address 127.0.0.1 --secure-port "$port" --tls-cert-file "$pki/server.crt" \
        --tls-private-key-file "$pki/server.key" --kubelet-certificate-authority "$pki/ca.crt" \
        --kubelet-preferred-address-types Hostname --kubelet-use-node-status-port --metric-resolution 10s \
        --kubelet-request-timeout 5s
    # By the name of another host, since no service has an address that leads anywhere here.
    cluster_kubectl "$dir" apply -f - >/dev/null <<END
apiVersion: v1
kind: Service
metadata: {name: metrics-server, namespace: kube-system}
spec: {type: ExternalName, externalName: localhost}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec:
  service: {name: metrics-server, namespace: kube-system, port: $port}
  group: metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
END
    cluster_wait "$dir" metrics-server 60 cluster_kubectl "$dir" get --raw /apis/metrics.k8s.io/v1beta1/nodes
}

# The cgroup that the kubelet makes its own below.
cluster_cgroup() {
    printf 'carpel-%s-cluster' "$(agent_instance "$1")"
}

# cluster_kubelet_config DIR PORT
cluster_kubelet_config() {
    local dir=$1 pki=$1/pki
    cat >"$dir/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix://$dir/agent/carpel.sock
address: 127.0.0.1
port: $2
healthzPort: 0
tlsCertFile: $pki/server.crt
tlsPrivateKeyFile: $pki/server.key
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}}
authorization: {mode: Webhook}
staticPodPath: $dir/static
podLogsDir: $dir/pods
cgroupRoot: /$(cluster_cgroup "$dir")
# This kernel may have version 1 of cgroups, swap, a full disk, and no right to set OOM scores.
failCgroupV1: false
failSwapOn: false
evictionHard: {memory.available: 1Mi, nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%", imagefs.inodesFree: "0%"}
oomScoreAdj: 0
makeIPTablesUtilChains: false
nodeStatusUpdateFrequency: 5s
seccompDefault: true
serializeImagePulls: false
# Small, so that rotation can be watched.
containerLogMaxSize: 64Ki
containerLogMaxFiles: 3
containerLogMonitorInterval: 3s
# Nothing would mean two minutes.
imageMinimumGCAge: 1s
# All numbers from the runtime, none from cAdvisor.
featureGates: {PodAndContainerStatsFromCRI: true}
END
}

# cluster_kubelet DIR [arguments…]: starts or restarts it.
cluster_kubelet() {
    local dir=$1 root
    shift
    for root in /sys/fs/cgroup/*/cgroup.procs; do
        cluster_cgroup_make "${root%/*}/$(cluster_cgroup "$dir")"
    done
    cluster_part "$dir" kubelet --config "$dir/kubelet.yaml" --kubeconfig "$dir/kubelet.conf" \
        --hostname-override "$cluster_node" --root-dir "$dir/kubelet" --cert-dir "$dir/pki" -v 2 "$@"
}

cluster_cgroup_make() {
    local file
    mkdir -p "$1"
    # A new cpuset is empty, and nobody can enter it.
    for file in cpuset.mems cpuset.cpus; do
        if [ -e "$1/$file" ] && [ -z "$(cat "$1/$file")" ]; then
            cat "${1%/*}/$file" >"$1/$file"
        fi
    done
}

# cluster_end DIR PART [SIGNAL]: ends one and waits for it.
cluster_end() {
    local pid deadline=$((SECONDS + 20))
    pid=$(cluster_pid "$1" "$2")
    if [ -n "$pid" ]; then
        kill -s "${3:-TERM}" "$pid"
        while [ -n "$(cluster_pid "$1" "$2")" ]; do
            if [ $SECONDS -ge $deadline ]; then
                note "$2 ($pid) did not end within 20 s: killing it"
                kill -KILL "$pid"
                deadline=$((SECONDS + 20))
            fi
            sleep 0.05
        done
    fi
    rm -f "$1/$2.pid"
}

# cluster_stop DIR: ends all parts. The pods are the agent's, and go with it (deploy/down).
cluster_stop() {
    local part
    for part in "${cluster_parts[@]}"; do
        cluster_end "$1" "$part"
    done
}

# cluster_forget DIR: what the kubelet made on the host. Needs the pods to be gone.
cluster_forget() {
    local dir=${1:?} target group line
    while read -r target; do
        # Gone already when it was one of several that hang together.
        umount "$target" 2>/dev/null || ! mountpoint -q "$target"
    done < <(awk -v root="$dir/kubelet" '$5 == root || index($5, root "/") == 1 { print $5 }' \
        /proc/self/mountinfo | tac)
    for group in /sys/fs/cgroup/*/"$(cluster_cgroup "$dir")" /sys/fs/cgroup/"$(cluster_cgroup "$dir")"; do
        [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} +
    done
    if [ -e "$dir/sysctls.before" ]; then
        while read -r line; do
            sysctl -q -w "$line" 2>/dev/null || note "could not put back: $line"
        done < <(sed 's/ = /=/' "$dir/sysctls.before")
    fi
    find /var/log/containers -lname "$dir/pods/*" -delete 2>/dev/null || true
    rmdir /var/log/containers 2>/dev/null || true
    [ ! -e "$dir/own-var-lib-kubelet" ] || rm -rf /var/lib/kubelet
    rm -rf "${dir:?}"/{etcd,pki,kubelet,pods,static,bin}
    rm -f "$dir"/*.conf "$dir/sysctls.before" "$dir/own-var-lib-kubelet"
}
