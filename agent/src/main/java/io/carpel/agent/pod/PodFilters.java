package io.carpel.agent.pod;

import io.carpel.agent.translate.ContainerStatusTranslator;
import io.carpel.agent.translate.Payload;
import io.carpel.agent.translate.SandboxStatusTranslator;
import io.carpel.cri.ContainerFilter;
import io.carpel.cri.ContainerStatsFilter;
import io.carpel.cri.PodSandboxFilter;
import io.carpel.cri.PodSandboxStatsFilter;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.sandbox.Sandbox;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// What a list's filter lets through. Everything it says must hold; what it leaves out holds
/// always.
public final class PodFilters {
    private PodFilters() {}

    public static List<Sandbox> sandboxes(List<Sandbox> all, PodSandboxFilter filter) {
        return sandboxes(
                all.stream()
                        .filter(sandbox ->
                                !filter.hasState()
                                        || SandboxStatusTranslator.state(sandbox)
                                                == filter.getState().getState()),
                all,
                filter.getId(),
                filter.getLabelSelectorMap());
    }

    public static List<Sandbox> sandboxes(List<Sandbox> all, PodSandboxStatsFilter filter) {
        return sandboxes(all.stream(), all, filter.getId(), filter.getLabelSelectorMap());
    }

    private static List<Sandbox> sandboxes(
            Stream<Sandbox> some, List<Sandbox> all, String id, Map<String, String> labels) {
        // Prefixes are resolved among all objects: what they mean must not hang on the other
        // fields.
        Predicate<String> ids = byId(id, all.stream().map(Sandbox::id).toList());
        return some.filter(sandbox -> ids.test(sandbox.id()))
                .filter(sandbox ->
                        labels.isEmpty() || selected(Payload.of(sandbox).getLabelsMap(), labels))
                .toList();
    }

    public static List<Container> containers(
            List<Container> all, List<Sandbox> sandboxes, ContainerFilter filter) {
        return containers(
                all.stream()
                        .filter(container ->
                                !filter.hasState()
                                        || ContainerStatusTranslator.state(container)
                                                == filter.getState().getState()),
                all,
                sandboxes,
                filter.getId(),
                filter.getPodSandboxId(),
                filter.getLabelSelectorMap());
    }

    public static List<Container> containers(
            List<Container> all, List<Sandbox> sandboxes, ContainerStatsFilter filter) {
        return containers(
                all.stream(),
                all,
                sandboxes,
                filter.getId(),
                filter.getPodSandboxId(),
                filter.getLabelSelectorMap());
    }

    private static List<Container> containers(
            Stream<Container> some,
            List<Container> all,
            List<Sandbox> sandboxes,
            String id,
            String sandboxId,
            Map<String, String> labels) {
        Predicate<String> ids = byId(id, all.stream().map(Container::id).toList());
        Predicate<String> pods = byId(sandboxId, sandboxes.stream().map(Sandbox::id).toList());
        return some.filter(container -> ids.test(container.id()))
                .filter(container -> pods.test(container.spec().sandboxId()))
                .filter(container ->
                        labels.isEmpty() || selected(Payload.of(container).getLabelsMap(), labels))
                .toList();
    }

    private static Predicate<String> byId(String prefix, List<String> ids) {
        if (prefix.isEmpty()) {
            return _ -> true;
        }
        Optional<String> wanted = Prefixes.unique(prefix, ids);
        return id -> wanted.filter(id::equals).isPresent();
    }

    private static boolean selected(Map<String, String> labels, Map<String, String> selector) {
        return labels.entrySet().containsAll(selector.entrySet());
    }
}
