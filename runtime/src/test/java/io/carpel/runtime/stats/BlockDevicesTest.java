package io.carpel.runtime.stats;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BlockDevicesTest {
    @TempDir Path links;

    @Test
    void aNumberLeadsToAName() throws IOException {
        Files.createSymbolicLink(
                links.resolve("8:1"),
                Path.of("../../devices/pci0000:00/0000:00:02.0/virtio1/block/vda/vda1"));
        Files.createSymbolicLink(
                links.resolve("104:0"), Path.of("../../devices/pci0000:00/block/cciss!c0d0"));
        BlockDevices devices = new BlockDevices(links);
        assertThat(devices.name(8, 1)).isEqualTo("/dev/vda1");
        assertThat(devices.name(104, 0)).isEqualTo("/dev/cciss/c0d0");
    }

    @Test
    void oneWithoutANameIsCalledByItsNumber() {
        assertThat(new BlockDevices(links).name(0, 55)).isEqualTo("0:55");
    }

    @Test
    void aPartitionLiesOnItsDisk() throws IOException {
        Path disk = Files.createDirectories(links.resolve("devices/vda"));
        Files.writeString(disk.resolve("dev"), "254:0\n");
        Files.createDirectory(disk.resolve("vda1"));
        Files.writeString(disk.resolve("vda1/partition"), "1\n");
        Files.createSymbolicLink(links.resolve("254:0"), disk);
        Files.createSymbolicLink(links.resolve("254:1"), disk.resolve("vda1"));
        BlockDevices devices = new BlockDevices(links);
        assertThat(devices.disk(254, 1)).contains(new BlockDevices.DeviceNumber(254, 0));
        assertThat(devices.disk(254, 0)).contains(new BlockDevices.DeviceNumber(254, 0));
        assertThat(devices.disk(0, 33)).isEmpty();
    }
}
