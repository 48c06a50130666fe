package io.carpel.runtime.spec;

import io.carpel.runtime.error.InvalidArgumentException;
import java.util.List;

/// What goes into `/etc/resolv.conf`, in the order search, nameserver, options (resolv.conf(5)).
public record DnsSpec(List<String> servers, List<String> searches, List<String> options) {
    public DnsSpec {
        servers = List.copyOf(servers);
        searches = List.copyOf(searches);
        options = List.copyOf(options);
        check("servers", servers);
        check("searches", searches);
        check("options", options);
    }

    private static void check(String field, List<String> values) {
        for (String value : values) {
            if (value.isEmpty() || value.chars().anyMatch(c -> c <= ' ' || c == 0x7f)) {
                throw new InvalidArgumentException(
                        "dns %s: '%s' is empty or holds white space"
                                .formatted(field, Printable.of(value)));
            }
        }
    }
}
