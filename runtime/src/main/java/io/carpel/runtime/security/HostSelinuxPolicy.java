package io.carpel.runtime.security;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.regex.Pattern;

/// [SelinuxPolicy] of the running kernel, by way of selinuxfs and `/etc/selinux`.
final class HostSelinuxPolicy implements SelinuxPolicy {
    private static final int LIMIT = 1 << 16;
    private static final Pattern POLICY_NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final String POLICY_KEY = "SELINUXTYPE=";

    private final Path selinuxfs;
    private final Path etc;
    private final Path shared;
    private final boolean enabled;

    HostSelinuxPolicy() {
        this(
                Path.of("/sys/fs/selinux"),
                Path.of("/etc/selinux"),
                Path.of("/usr/share/containers/selinux/contexts"),
                Path.of("/proc/self/attr/current"));
    }

    /// @param etc where policies lie
    /// @param shared what all container tools are told, before the policy's own file
    /// @param current the label of this process
    HostSelinuxPolicy(Path selinuxfs, Path etc, Path shared, Path current) {
        this.selinuxfs = selinuxfs;
        this.etc = etc;
        this.shared = shared;
        this.enabled = isEnabled(selinuxfs, current);
    }

    /// A container that is not to see SELinux is shown selinuxfs read-only, and before a policy is
    /// loaded every process is `kernel`.
    private static boolean isEnabled(Path selinuxfs, Path current) {
        if (!Files.isReadable(selinuxfs.resolve("enforce"))
                || !Files.isWritable(selinuxfs.resolve("context"))) {
            return false;
        }
        return !read(current).map(label -> label.replace("\0", "")).orElse("").equals("kernel");
    }

    @Override
    public boolean enabled() {
        return enabled;
    }

    @Override
    public boolean enforcing() {
        return isOne("enforce");
    }

    @Override
    public boolean hasLevels() {
        return isOne("mls");
    }

    private boolean isOne(String flag) {
        return read(selinuxfs.resolve(flag)).orElse("").strip().equals("1");
    }

    @Override
    public int categories() {
        int count = SelinuxLevel.MAX_CATEGORY + 1;
        SelinuxContext file = contexts().file();
        while (count > 2 && !knows(file.withLevel("s0:c" + (count - 1)))) {
            count /= 2;
        }
        return count;
    }

    @Override
    public ContainerContexts contexts() {
        Path ofPolicy = etc.resolve(policyName()).resolve("contexts/lxc_contexts");
        return read(shared)
                .or(() -> read(ofPolicy))
                .map(ContainerContexts::parse)
                .orElse(ContainerContexts.USUAL);
    }

    private String policyName() {
        return read(etc.resolve("config"))
                .orElse("")
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith(POLICY_KEY))
                .map(line -> line.substring(POLICY_KEY.length()).strip().replace("\"", ""))
                .filter(name -> POLICY_NAME.matcher(name).matches())
                .findFirst()
                .orElse("targeted");
    }

    @Override
    public boolean knows(SelinuxContext context) {
        FileChannel asked;
        try {
            asked = FileChannel.open(selinuxfs.resolve("context"), StandardOpenOption.WRITE);
        } catch (IOException _) {
            return true;
        }
        byte[] text = (context + "\0").getBytes(StandardCharsets.US_ASCII);
        try (asked) {
            return asked.write(ByteBuffer.wrap(text)) > 0;
        } catch (IOException _) {
            return false;
        }
    }

    private static Optional<String> read(Path file) {
        try (var in = Files.newInputStream(file)) {
            return Optional.of(new String(in.readNBytes(LIMIT), StandardCharsets.ISO_8859_1));
        } catch (IOException _) {
            return Optional.empty();
        }
    }
}
