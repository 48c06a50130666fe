package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.HugepageLimit;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.spec.ResourceLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Huge pages, by size; usage and reservation (since 5.7) are limited alike, so that a process is
/// refused at mmap and not killed by SIGBUS later.
final class HugetlbController implements Controller {
    private static final Pattern SIZE = Pattern.compile("\\d{1,6}(KB|MB|GB)");
    private static final String PREFIX = "hugetlb.";

    @Override
    public String v1Name() {
        return "hugetlb";
    }

    @Override
    public String v2Name() {
        return "hugetlb";
    }

    @Override
    public boolean holds(ResourceLimits limits) {
        return limits.hugepages().stream().anyMatch(limit -> limit.bytes() != 0);
    }

    @Override
    public void limitV1(CgroupDir dir, ResourceLimits limits, Settings settings) {
        set(dir, limits, settings, ".limit_in_bytes");
    }

    @Override
    public void limitV2(CgroupDir dir, ResourceLimits limits, Settings settings) {
        set(dir, limits, settings, ".max");
    }

    private static void set(
            CgroupDir dir, ResourceLimits limits, Settings settings, String suffix) {
        for (HugepageLimit limit : limits.hugepages()) {
            if (!SIZE.matcher(limit.pageSize()).matches()) {
                throw new InvalidArgumentException(
                        "huge page size '%s' is not like 2MB"
                                .formatted(Printable.of(limit.pageSize())));
            }
            String value = Long.toUnsignedString(limit.bytes());
            String base = PREFIX + limit.pageSize();
            if (!dir.has(base + suffix)) {
                // The kubelet sends zeros for sizes the machine does not have.
                if (limit.bytes() == 0) {
                    continue;
                }
                throw new InvalidArgumentException(
                        "this machine has no huge pages of size %s".formatted(limit.pageSize()));
            }
            settings.write(dir, base + suffix, value);
            if (dir.has(base + ".rsvd" + suffix)) {
                settings.write(dir, base + ".rsvd" + suffix, value);
            }
        }
    }

    @Override
    public void readV1(CgroupDir dir, StatsBuilder stats) throws IOException {
        for (String size : stats.all() ? sizes(dir, ".usage_in_bytes") : List.<String>of()) {
            String base = PREFIX + size;
            stats.hugetlb.add(
                    new CgroupStats.Hugetlb(
                            size,
                            dir.number(base + ".usage_in_bytes").orElse(0),
                            StatsBuilder.boxed(dir.number(base + ".max_usage_in_bytes")),
                            dir.number(base + ".failcnt").orElse(0)));
        }
    }

    @Override
    public void readV2(CgroupDir dir, StatsBuilder stats) throws IOException {
        for (String size : stats.all() ? sizes(dir, ".current") : List.<String>of()) {
            String base = PREFIX + size;
            OptionalLong usage = dir.number(base + ".current");
            stats.hugetlb.add(
                    new CgroupStats.Hugetlb(
                            size,
                            usage.orElse(0),
                            StatsBuilder.boxed(OptionalLong.empty()),
                            dir.keyed(base + ".events", "max")));
        }
    }

    private static List<String> sizes(CgroupDir dir, String suffix) throws IOException {
        try (Stream<java.nio.file.Path> files = Files.list(dir.path())) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith(PREFIX) && name.endsWith(suffix))
                    .map(name -> name.substring(PREFIX.length(), name.length() - suffix.length()))
                    .filter(name -> !name.contains("."))
                    .sorted()
                    .toList();
        }
    }
}
