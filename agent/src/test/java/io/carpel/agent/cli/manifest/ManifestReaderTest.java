package io.carpel.agent.cli.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ManifestReaderTest {
    private static final String HEAD =
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: p}
            spec:
            """;

    private static PodManifest parse(String text) {
        return ManifestReader.parse(text, "pod.yaml", Path.of("/"));
    }

    private static void refuses(String text, String message) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOf(ManifestException.class)
                .hasMessage(message);
    }

    private static void refusesSpec(String spec, String message) {
        refuses(HEAD + spec.indent(2) + "  containers: [{name: c, image: i}]\n", message);
    }

    private static void refusesContainer(String fields, String message) {
        String container = "- name: c\n  image: i\n" + fields.indent(2);
        refuses(HEAD + "  containers:\n" + container.indent(2), message);
    }

    @Test
    void unknownFieldsAreNamedWithTheProbableOne() {
        refusesSpec(
                "hostPid: true",
                "pod.yaml:5: spec.hostPid: unknown field, did you mean 'hostPID'?");
        refusesContainer(
                "securityContext:\n  privilegd: true",
                "pod.yaml:9: spec.containers[0].securityContext.privilegd: unknown field, did you"
                        + " mean 'privileged'?");
        refusesContainer("colour: red", "pod.yaml:8: spec.containers[0].colour: unknown field");
    }

    @Test
    void knownButUnsupportedFieldsAreRefusedWithTheReason() {
        refusesSpec(
                "nodeName: n",
                "pod.yaml:5: spec.nodeName: is for a scheduler; carpel run is already on the node");
        refusesSpec(
                "volumes:\n- name: v\n  configMap: {name: m}",
                "pod.yaml:7: spec.volumes[0].configMap: is not a hostPath, emptyDir or image"
                        + " volume");
        refusesSpec(
                "volumes:\n- name: v\n  emptyDir: {sizeLimit: 1Gi}",
                "pod.yaml:7: spec.volumes[0].emptyDir.sizeLimit: cannot be enforced, so it would"
                        + " promise too much");
        refusesContainer(
                "livenessProbe: {exec: {command: [a]}}",
                "pod.yaml:8: spec.containers[0].livenessProbe: needs someone to probe; carpel run"
                        + " only waits for the end");
        refusesContainer(
                "envFrom: [{configMapRef: {name: m}}]",
                "pod.yaml:8: spec.containers[0].envFrom: needs an API server");
        refusesContainer(
                "env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]",
                "pod.yaml:8: spec.containers[0].env[0].valueFrom.secretKeyRef: needs an API"
                        + " server");
        refusesContainer(
                "terminationMessagePath: /x",
                "pod.yaml:8: spec.containers[0].terminationMessagePath: not supported by carpel"
                        + " run");
    }

    @Test
    void whatSaysNothingIsNoFieldAtAll() {
        assertThat(
                        parse(
                                        HEAD
                                                + "  tolerations: []\n  affinity: {}\n"
                                                + "  nodeName: null\n"
                                                + "  containers: [{name: c, image: i}]\n"
                                                + "status: {}\n---\n")
                                .name())
                .isEqualTo("p");
    }

    @Test
    void wrongKindsOfValueAreNamed() {
        refusesSpec("hostPID: 'yes'", "pod.yaml:5: spec.hostPID: wanted true or false");
        refusesContainer(
                "command: [sleep, 5]",
                "pod.yaml:8: spec.containers[0].command[1]: wanted a string (put it in quotes)");
        refusesContainer(
                "env: [{name: A, value: 1}]",
                "pod.yaml:8: spec.containers[0].env[0].value: wanted a string (put it in quotes)");
        refusesContainer(
                "securityContext: {runAsUser: root}",
                "pod.yaml:8: spec.containers[0].securityContext.runAsUser: wanted a number");
        refusesContainer("args: text", "pod.yaml:8: spec.containers[0].args: wanted a list");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    restartPolicy: Always | spec.restartPolicy: 'Always' needs someone who stays to restart containers; only Never is supported
                    restartPolicy: never | spec.restartPolicy: 'never' is not one of Never, OnFailure, Always
                    dnsPolicy: ClusterFirst | spec.dnsPolicy: 'ClusterFirst' needs a cluster's DNS; use Default or None
                    automountServiceAccountToken: true | spec.automountServiceAccountToken: needs an API server; only false is supported
                    hostname: Upper | spec.hostname: 'Upper' is not up to 63 lower-case letters, digits and '-'
                    """)
    void valuesThatCannotBeCarriedOutAreRefused(String spec, String message) {
        refusesSpec(spec, "pod.yaml:5: " + message);
    }

    @Test
    void fieldsThatExcludeEachOtherAreRefused() {
        refusesSpec(
                "hostPID: true\nshareProcessNamespace: true",
                "pod.yaml:6: spec.shareProcessNamespace: cannot be true together with"
                        + " spec.hostPID");
        refusesSpec(
                "hostUsers: false\nhostNetwork: true",
                "pod.yaml:5: spec.hostUsers: cannot be false together with hostPID, hostIPC or"
                        + " hostNetwork");
        refusesContainer(
                "securityContext: {privileged: true, allowPrivilegeEscalation: false}",
                "pod.yaml:8: spec.containers[0].securityContext.allowPrivilegeEscalation: cannot"
                        + " be false in a privileged container");
        refusesContainer(
                "volumeMounts: [{name: v, mountPath: /v}]",
                "pod.yaml:8: spec.containers[0].volumeMounts[0].name: there is no volume 'v'");
    }

    @Test
    void documentsThatAreNoPodAreRefused() {
        refuses("", "pod.yaml holds 0 documents, wanted one Pod");
        refuses(
                HEAD + "  containers: []\n---\nkind: Pod\n",
                "pod.yaml holds 2 documents, wanted one Pod");
        refuses(
                "apiVersion: apps/v1\nkind: Deployment\n",
                "pod.yaml: kind is 'Deployment' of 'apps/v1', wanted Pod of v1");
        refuses("[1]", "pod.yaml is not a mapping, wanted a Pod");
        refuses(
                HEAD + "  containers: []\n",
                "pod.yaml:5: spec.containers: is missing: a pod has at least one container");
        refuses(
                "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: i}]}\n",
                "pod.yaml:1: metadata.name: is missing");
        assertThatThrownBy(() -> parse("a: [\nb: }"))
                .isInstanceOf(ManifestException.class)
                .hasMessageMatching("pod.yaml:\\d: not valid YAML: .*");
        assertThatThrownBy(() -> parse(HEAD + "  hostPID: true\n  hostPID: false\n"))
                .isInstanceOf(ManifestException.class)
                .hasMessageContaining("hostPID");
    }

    @Test
    void expansion() {
        Map<String, String> variables = Map.of("A", "1", "B", "$(A)");
        assertThat(Expansion.expand("$(A) $(B) $(C) $$(A) $ $( $(", variables))
                .isEqualTo("1 $(A) $(C) $(A) $ $( $(");
    }
}
