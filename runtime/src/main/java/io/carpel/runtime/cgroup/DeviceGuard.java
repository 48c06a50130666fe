package io.carpel.runtime.cgroup;

import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.linux.BpfCalls;
import io.carpel.runtime.linux.ErrnoException;
import io.carpel.runtime.linux.Fd;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/// Puts a [DeviceProgram] on a cgroup v2 directory. Programs are small, the same for most
/// containers, and kept loaded.
final class DeviceGuard implements AutoCloseable {
    private static final int MAX_LOADED = 32;

    private final BpfCalls bpf;
    private final ConcurrentHashMap<DeviceRules, Fd> loaded = new ConcurrentHashMap<>();

    DeviceGuard(BpfCalls bpf) {
        this.bpf = bpf;
    }

    /// Whether this process may load such programs at all; the reason when not.
    List<String> probe() {
        try (Fd _ = bpf.loadDeviceProgram(DeviceProgram.assemble(new DeviceRules(List.of())))) {
            return List.of();
        } catch (ErrnoException e) {
            return List.of("device access cannot be limited: " + e.getMessage());
        }
    }

    /// From now on the rules decide for every process in the group and below.
    void attach(CgroupDir dir, DeviceRules rules) {
        try (Fd group = bpf.openCgroup(dir.path())) {
            Fd program = loaded.get(rules);
            if (program != null) {
                bpf.attachDevice(group, program, BpfCalls.ALLOW_MULTI);
                return;
            }
            Fd fresh = bpf.loadDeviceProgram(DeviceProgram.assemble(rules));
            try {
                bpf.attachDevice(group, fresh, BpfCalls.ALLOW_MULTI);
            } finally {
                if (loaded.size() >= MAX_LOADED || loaded.putIfAbsent(rules, fresh) != null) {
                    fresh.close();
                }
            }
        } catch (ErrnoException e) {
            throw new KernelFaultException(
                    "could not limit the devices of cgroup %s".formatted(dir.path()), e);
        }
    }

    @Override
    public void close() {
        loaded.values().forEach(Fd::close);
        loaded.clear();
    }
}
