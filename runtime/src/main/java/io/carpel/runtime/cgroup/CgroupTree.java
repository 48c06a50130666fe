package io.carpel.runtime.cgroup;

import io.carpel.runtime.linux.Errno;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Walks over groups; directories that vanish meanwhile are left out.
final class CgroupTree {
    /// Its own name and `.`; other filesystems that count none say 1.
    private static final int LINKS_WITHOUT_CHILDREN = 2;

    private CgroupTree() {}

    /// The group and all below it, each parent before its children.
    static List<CgroupDir> below(CgroupDir top) throws IOException {
        var all = new ArrayList<CgroupDir>();
        if (top.exists()) {
            all.add(top);
            for (int i = 0; i < all.size(); i++) {
                Path parent = all.get(i).path();
                if (hasChildren(parent)) {
                    children(parent).forEach(child -> all.add(new CgroupDir(child)));
                }
            }
        }
        return all;
    }

    /// By the number of links, which cgroup filesystems keep: most groups have no children, and
    /// asking each of their files whether it is a directory costs more than everything else.
    private static boolean hasChildren(Path dir) throws IOException {
        try {
            return (int) Files.getAttribute(dir, "unix:nlink") != LINKS_WITHOUT_CHILDREN;
        } catch (NoSuchFileException _) {
            return false;
        }
    }

    static List<Path> children(Path dir) throws IOException {
        try (Stream<Path> entries = Files.list(dir)) {
            return entries.filter(Files::isDirectory).toList();
        } catch (NoSuchFileException | NotDirectoryException _) {
            return List.of();
        } catch (UncheckedIOException e) {
            // ENODEV while the group is being removed.
            if (Files.exists(dir)) {
                throw e.getCause();
            }
            return List.of();
        }
    }

    /// The processes in the group and all below it.
    static List<Integer> pids(CgroupDir top) throws IOException {
        var pids = new ArrayList<Integer>();
        for (CgroupDir dir : below(top)) {
            try {
                for (String line : dir.lines("cgroup.procs")) {
                    int pid = Integer.parseInt(line);
                    // 0 stands for a process of a foreign pid namespace.
                    if (pid > 0) {
                        pids.add(pid);
                    }
                }
            } catch (IOException e) {
                // A threaded group lists no processes: they are all in that of its domain above.
                if (dir.exists() && Errno.of(e) != Errno.ENOTSUP) {
                    throw e;
                }
            }
        }
        return pids;
    }
}
