package io.carpel.agent.cli.manifest;

import io.carpel.cri.HugepageLimit;
import io.carpel.cri.LinuxContainerResources;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Requests and limits as the kubelet turns them into cgroup values.
final class ResourceMapper {
    /// The kubelet's CFS period, 100 ms.
    private static final long CPU_PERIOD = 100_000;

    private static final long MIN_QUOTA = 1000;
    private static final long MIN_SHARES = 2;
    private static final long MAX_SHARES = 262_144;
    private static final String HUGEPAGES = "hugepages-";

    /// The kubelet's `qos` package: what is guaranteed goes last, what promised nothing first.
    private static final long GUARANTEED_SCORE = -997;

    private static final long BEST_EFFORT_SCORE = 1000;

    private ResourceMapper() {}

    static LinuxContainerResources map(PodManifest manifest, Container container, long nodeMemory) {
        Map<String, Quantity> limits = limits(container);
        LinuxContainerResources.Builder out = LinuxContainerResources.newBuilder();
        limits.keySet().forEach(name -> known(container, "limits", name));
        requests(container).keySet().forEach(name -> known(container, "requests", name));

        Optional<BigDecimal> cpuLimit = amount(container, "limits", limits, "cpu");
        BigDecimal cpu =
                amount(container, "requests", requests(container), "cpu")
                        .or(() -> cpuLimit)
                        .orElse(BigDecimal.ZERO);
        out.setCpuShares(shares(cpu));
        cpuLimit.ifPresent(limit -> {
            long quota =
                    limit.multiply(BigDecimal.valueOf(CPU_PERIOD))
                            .setScale(0, RoundingMode.DOWN)
                            .longValueExact();
            out.setCpuPeriod(CPU_PERIOD).setCpuQuota(Math.max(MIN_QUOTA, quota));
        });
        amount(container, "limits", limits, "memory")
                .ifPresent(limit -> out.setMemoryLimitInBytes(limit.longValue()));
        limits.forEach((name, size) -> {
            if (name.startsWith(HUGEPAGES)) {
                out.addHugepageLimits(
                        HugepageLimit.newBuilder()
                                .setPageSize(pageSize(name.substring(HUGEPAGES.length())))
                                .setLimit(Quantity.getAmountInBytes(size).longValue()));
            }
        });
        return out.setOomScoreAdj(oomScore(manifest, container, nodeMemory)).build();
    }

    private static void known(Container container, String list, String name) {
        if (!name.equals("cpu") && !name.equals("memory") && !name.startsWith(HUGEPAGES)) {
            throw new ManifestException(
                    "container %s: resources.%s.%s: not supported by carpel run"
                            .formatted(container.getName(), list, name));
        }
    }

    private static Optional<BigDecimal> amount(
            Container container, String list, Map<String, Quantity> from, String name) {
        return Optional.ofNullable(from.get(name))
                .map(quantity -> {
                    BigDecimal amount = Quantity.getAmountInBytes(quantity);
                    if (amount.signum() < 0) {
                        throw new ManifestException(
                                "container %s: resources.%s.%s: %s is negative"
                                        .formatted(container.getName(), list, name, quantity));
                    }
                    return amount;
                });
    }

    private static long shares(BigDecimal cpu) {
        long shares =
                cpu.multiply(BigDecimal.valueOf(1024))
                        .setScale(0, RoundingMode.DOWN)
                        .longValueExact();
        return Math.clamp(shares, MIN_SHARES, MAX_SHARES);
    }

    /// `2Mi` is `2MB` in the names of the hugetlb controller.
    private static String pageSize(String suffix) {
        return suffix.replaceAll("i$", "B");
    }

    private static long oomScore(PodManifest manifest, Container container, long nodeMemory) {
        List<Container> all = manifest.containers();
        if (all.stream().allMatch(ResourceMapper::isGuaranteed)) {
            return GUARANTEED_SCORE;
        }
        boolean nothing = all.stream().allMatch(c -> limits(c).isEmpty() && requests(c).isEmpty());
        if (nothing) {
            return BEST_EFFORT_SCORE;
        }
        Map<String, Quantity> requests = requests(container);
        Quantity memory =
                requests.containsKey("memory")
                        ? requests.get("memory")
                        : limits(container).get("memory");
        long asked = memory == null ? 0 : Quantity.getAmountInBytes(memory).longValue();
        long score = 1000 - (long) (1000.0 * asked / nodeMemory);
        return Math.clamp(score, 1000 + GUARANTEED_SCORE, BEST_EFFORT_SCORE - 1);
    }

    private static boolean isGuaranteed(Container container) {
        Map<String, Quantity> limits = limits(container);
        Map<String, Quantity> requests = requests(container);
        return Set.of("cpu", "memory").stream()
                .allMatch(name ->
                        limits.containsKey(name)
                                && limits.get(name)
                                        .equals(requests.getOrDefault(name, limits.get(name))));
    }

    static Map<String, Quantity> limits(Container container) {
        return Optional.ofNullable(container.getResources())
                .map(ResourceRequirements::getLimits)
                .orElseGet(Map::of);
    }

    static Map<String, Quantity> requests(Container container) {
        return Optional.ofNullable(container.getResources())
                .map(ResourceRequirements::getRequests)
                .orElseGet(Map::of);
    }
}
