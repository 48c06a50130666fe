package io.carpel.runtime.network.bridge;

import io.carpel.runtime.linux.NftablesCalls;
import io.carpel.runtime.linux.NftablesException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/// Lets sandboxes' traffic through on hosts whose `FORWARD` chain drops by default, as docker
/// leaves it.
///
/// An `accept` in a table of ours would not help: a packet must pass every base chain. So the rules
/// go into the chain of iptables itself (its nftables flavour), before docker's own where that has
/// a place for others, and carry a comment by which they are found again. The legacy flavour cannot
/// be reached with nftables.
final class ForwardRules {
    private static final List<String> FAMILIES = List.of("ip", "ip6");

    private final NftablesCalls nftables;
    private final String bridge;
    private final ObjectMapper mapper = JsonMapper.builder().build();

    ForwardRules(NftablesCalls nftables, String bridge) {
        this.nftables = nftables;
        this.bridge = bridge;
    }

    /// Adds what is missing where the policy is drop.
    void install() throws IOException {
        for (String family : FAMILIES) {
            var forward = chain(family, "FORWARD");
            if (forward.isEmpty() || !drops(forward.get()) || !ours(family).isEmpty()) {
                continue;
            }
            String chain = chain(family, "DOCKER-USER").isPresent() ? "DOCKER-USER" : "FORWARD";
            var commands = new StringBuilder();
            for (String match :
                    List.of(
                            "oifname \"%s\" ct status dnat".formatted(bridge),
                            "oifname \"%s\" ct state established,related".formatted(bridge),
                            "iifname \"%s\"".formatted(bridge))) {
                commands.append(
                        "insert rule %s filter %s %s counter accept comment \"%s\"\n"
                                .formatted(family, chain, match, comment()));
            }
            nftables.run(commands.toString());
        }
    }

    /// Removes what [#install] added, now or in an earlier life.
    void remove() throws IOException {
        for (String family : FAMILIES) {
            var commands = new StringBuilder();
            for (Rule rule : ours(family)) {
                commands.append(
                        "delete rule %s filter %s handle %d\n"
                                .formatted(family, rule.chain(), rule.handle()));
            }
            if (!commands.isEmpty()) {
                nftables.run(commands.toString());
            }
        }
    }

    private record Rule(String chain, long handle) {}

    private List<Rule> ours(String family) throws IOException {
        var rules = new ArrayList<Rule>();
        for (String chain : List.of("FORWARD", "DOCKER-USER")) {
            for (JsonNode item : chain(family, chain).map(JsonNode::values).orElse(List.of())) {
                JsonNode rule = item.path("rule");
                if (rule.path("comment").asString("").equals(comment())) {
                    rules.add(new Rule(chain, rule.path("handle").asLong(0)));
                }
            }
        }
        return rules;
    }

    /// What `list chain` says, as an array of objects; empty when there is no such chain.
    private Optional<JsonNode> chain(String family, String name) throws IOException {
        try {
            String json = nftables.runForJson("list chain %s filter %s".formatted(family, name));
            return Optional.of(mapper.readTree(json).path("nftables"));
        } catch (NftablesException e) {
            if (e.isMissing()) {
                return Optional.empty();
            }
            throw e;
        } catch (JacksonException e) {
            throw new IOException("nftables answered no JSON: " + e.getMessage(), e);
        }
    }

    private static boolean drops(JsonNode items) {
        for (JsonNode item : items.values()) {
            if (item.path("chain").path("policy").asString("").equals("drop")) {
                return true;
            }
        }
        return false;
    }

    private String comment() {
        return "sandboxes of " + bridge;
    }
}
