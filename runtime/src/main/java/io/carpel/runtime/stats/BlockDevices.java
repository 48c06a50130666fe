package io.carpel.runtime.stats;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Names of block devices, from `/sys/dev/block`.
public final class BlockDevices {
    /// Devices come and go; so many names are remembered at most.
    private static final int REMEMBERED = 1024;

    private final Path links;
    private final Map<String, String> names = new ConcurrentHashMap<>();

    /// @param links the directory that leads from `8:0` to a device
    public BlockDevices(Path links) {
        this.links = links;
    }

    /// The names of this host's devices.
    public static BlockDevices ofHost() {
        return new BlockDevices(Path.of("/sys/dev/block"));
    }

    /// Such as `/dev/sda`, or `8:0` when the device is gone or never had a name.
    public String name(int major, int minor) {
        String number = major + ":" + minor;
        if (names.size() > REMEMBERED) {
            names.clear();
        }
        return names.computeIfAbsent(number, this::lookUp);
    }

    /// A device by its numbers.
    public record DeviceNumber(int major, int minor) {}

    /// The disk that a device is, or is a partition of; empty when it is not of this host's disks,
    /// as with network and memory file systems.
    public Optional<DeviceNumber> disk(int major, int minor) {
        Path device = links.resolve(major + ":" + minor);
        try {
            if (!Files.exists(device.resolve("partition"))) {
                return Files.exists(device)
                        ? Optional.of(new DeviceNumber(major, minor))
                        : Optional.empty();
            }
            Path dev = device.toRealPath().resolve("../dev");
            String[] numbers = Files.readString(dev).strip().split(":", -1);
            return Optional.of(
                    new DeviceNumber(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1])));
        } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException _) {
            return Optional.empty();
        }
    }

    private String lookUp(String number) {
        try {
            // "../../devices/pci0000:00/…/block/sda"; device mapper and others write '/' as '!'
            Path target = Files.readSymbolicLink(links.resolve(number)).getFileName();
            return target == null ? number : "/dev/" + target.toString().replace('!', '/');
        } catch (IOException _) {
            return number;
        }
    }
}
