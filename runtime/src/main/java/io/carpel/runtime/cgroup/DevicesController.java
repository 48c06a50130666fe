package io.carpel.runtime.cgroup;

import java.io.IOException;
import java.util.List;

/// Device nodes on version 1: the `devices` controller's lists. Version 2 has [DeviceProgram].
final class DevicesController implements Controller {
    @Override
    public String v1Name() {
        return "devices";
    }

    @Override
    public String v2Name() {
        return "";
    }

    /// Replaces what the new group inherited by the rules, in their order.
    static void apply(CgroupDir dir, DeviceRules rules) throws IOException {
        if (rules.rules().stream().anyMatch(rule -> rule.allow() && rule.coversEverything())
                && rules.rules().size() == 1) {
            // A new group has what its parent has: asking for more is refused, for as much is idle.
            return;
        }
        dir.write("devices.deny", "a");
        List<DeviceRules.Rule> all = rules.rules();
        for (int from = 0; from < all.size(); ) {
            // As many as go to the same file one after the other: it is opened once for them.
            boolean allow = all.get(from).allow();
            int to = from;
            while (to < all.size() && all.get(to).allow() == allow) {
                to++;
            }
            List<String> lines =
                    all.subList(from, to).stream().map(DeviceRules.Rule::line).toList();
            dir.writeEach(allow ? "devices.allow" : "devices.deny", lines);
            from = to;
        }
    }
}
