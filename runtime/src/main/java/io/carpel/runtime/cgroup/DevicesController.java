package io.carpel.runtime.cgroup;

import java.io.IOException;

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
        for (DeviceRules.Rule rule : rules.rules()) {
            dir.write(rule.allow() ? "devices.allow" : "devices.deny", rule.line());
        }
    }
}
