package io.carpel.agent.cli.install;

import io.carpel.agent.cli.install.InstallJournal.Settled;
import io.carpel.agent.cli.node.NodeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Which files a host's configuration gets.
///
/// The agent's configuration is treated as a package manager does it: a file that is as we wrote it
/// is replaced, one that somebody else has changed is kept beside under another name when there is
/// a new text for it, and left alone when there is none.
final class HostPlan {
    static final String CONFIG = "/etc/carpel/config.toml";
    static final String CRICTL = "/etc/carpel/crictl.yaml";
    static final String UNIT = "/etc/systemd/system/carpel.service";

    /// What `systemctl enable` makes.
    static final String WANTED = "/etc/systemd/system/multi-user.target.wants/carpel.service";

    /// Where somebody else's configuration is kept.
    static final String KEPT = CONFIG + ".before";

    private static final String PACKAGE = "/usr/lib/carpel/build";

    private final Path root;
    private final Distribution distribution;

    HostPlan(Path root, Distribution distribution) {
        this.root = root;
        this.distribution = distribution;
    }

    /// The changes, and what the configuration is as far as it is ours.
    ///
    /// @param notes what the person should know
    record Result(List<HostChange> changes, String config, List<String> notes) {}

    /// @param config the text that the configuration shall have; empty: the one that is there, or
    ///   the distribution's when there is none
    /// @param settled what was installed before
    /// @param unit whether a unit of systemd is wanted
    Result make(Optional<String> config, Settled settled, boolean unit) {
        if (Files.exists(HostChange.below(root, PACKAGE))) {
            throw new NodeException(
                    "the package carpel is installed on this host, and two agents would be in each"
                            + " other's way: remove it first");
        }
        List<HostChange> changes = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        String ours = config(config, settled, changes, notes);
        HostChange.to(root, CRICTL, distribution.text("etc/crictl.yaml")).ifPresent(changes::add);
        if (unit) {
            HostChange.to(root, UNIT, distribution.text("lib/systemd/system/carpel.service"))
                    .ifPresent(changes::add);
        }
        return new Result(changes, ours, notes);
    }

    private String config(
            Optional<String> wanted,
            Settled settled,
            List<HostChange> changes,
            List<String> notes) {
        Optional<String> now = HostChange.read(HostChange.below(root, CONFIG));
        String text = wanted.or(() -> now).orElseGet(() -> distribution.text("etc/config.toml"));
        if (now.isEmpty() || now.get().equals(text)) {
            HostChange.to(root, CONFIG, text).ifPresent(changes::add);
            return text;
        }
        boolean changedByOthers = !now.get().equals(settled.config());
        if (changedByOthers && text.equals(settled.config())) {
            notes.add(
                    CONFIG
                            + " was changed on this host and stays so: the text to install is not new");
            return settled.config();
        }
        if (changedByOthers) {
            notes.add(
                    "%s was not written by this installer: it is kept as %s"
                            .formatted(CONFIG, KEPT));
            HostChange.to(root, KEPT, now.get()).ifPresent(changes::add);
        }
        HostChange.to(root, CONFIG, text).ifPresent(changes::add);
        return text;
    }
}
