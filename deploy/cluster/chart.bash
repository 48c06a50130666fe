# shellcheck shell=bash
# Helm on the API server of the cluster.

# The file that loads this one has loaded support.
: "${top:?}"
for part in go helm; do
    # shellcheck source=/dev/null
    . "$top/deploy/lib/$part.sh"
done

# shellcheck disable=SC2034  # read by the test files
chart=$top/charts/carpel
everything=daemonsets.apps,configmaps,serviceaccounts,clusterroles,clusterrolebindings,roles,rolebindings
everything+=,runtimeclasses,validatingadmissionpolicies,validatingadmissionpolicybindings,jobs,pods,secrets

# To be called by setup_file and by setup: bats runs each test in a shell of its own.
chart_ready() {
    export HELM_TEST_HOME=$BATS_FILE_TMPDIR/helm
    need_helm >&2
}

api_port() {
    kubectl config view -o 'jsonpath={.clusters[0].cluster.server}' | sed 's/.*://'
}

run_chart() {
    KUBECONFIG=$CARPEL_CLUSTER/admin.conf run_helm "$@"
}

# objects: names of all that a chart could have made.
objects() {
    kubectl get "$everything" -A -o name 2>/dev/null | sort
}

# nothing_left FILE: no object of the chart's is there that was not in FILE, as objects wrote it.
nothing_left() {
    ! objects | comm -13 "$1" - | grep -i carpel
}
