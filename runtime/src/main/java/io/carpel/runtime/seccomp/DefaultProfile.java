package io.carpel.runtime.seccomp;

import io.carpel.runtime.linux.SeccompCalls;
import io.carpel.runtime.linux.SeccompCalls.Comparison;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Our own profile, from a resource with one rule a paragraph:
///
/// ```text
/// allow [with CAP…] [without CAP…] [on ARCH…] [if argN == VALUE | argN != VALUE | argN & MASK == 0]:
///     names
/// errno NUMBER [the same]:
///     names
/// ```
final class DefaultProfile {
    private static final Pattern HEAD =
            Pattern.compile(
                    "(allow|errno (\\d+))( with [A-Z_ ]+?)?( without [A-Z_ ]+?)?( on [a-z0-9 ]+?)?"
                            + "( if arg(\\d) (==|!=|&) (0x[0-9a-f]+|\\d+)( == 0)?)?:");

    static final SeccompProfile INSTANCE = load();

    private DefaultProfile() {}

    private static SeccompProfile load() {
        try (@Nullable InputStream in =
                DefaultProfile.class.getResourceAsStream("runtime-default.profile")) {
            if (in == null) {
                throw new IllegalStateException("runtime-default.profile is not in the jar");
            }
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            List<String> others =
                    HostArchitecture.goName().equals("amd64")
                            ? List.of("x86", "x32")
                            : List.of("arm");
            return new SeccompProfile(SeccompCalls.ACT_ERRNO | 1, others, parse(text));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<SeccompRule> parse(String text) {
        var rules = new ArrayList<SeccompRule>();
        String head = "";
        var names = new ArrayList<String>();
        for (String line : text.lines().toList()) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            if (line.startsWith(" ")) {
                names.addAll(words(line));
                continue;
            }
            if (!head.isEmpty()) {
                rules.add(rule(head, names));
            }
            head = line;
            names.clear();
        }
        rules.add(rule(head, names));
        return rules;
    }

    private static SeccompRule rule(String head, List<String> names) {
        Matcher matcher = HEAD.matcher(head);
        if (!matcher.matches() || names.isEmpty()) {
            throw new IllegalStateException("runtime-default.profile: wrong rule: " + head);
        }
        int action =
                matcher.group(1).equals("allow")
                        ? SeccompCalls.ACT_ALLOW
                        : SeccompCalls.ACT_ERRNO | Integer.parseInt(matcher.group(2));
        var condition =
                new SeccompRule.Condition(
                        capabilities(matcher.group(3)),
                        capabilities(matcher.group(4)),
                        after(matcher.group(5)).toList(),
                        List.of(),
                        "");
        List<Comparison> comparisons =
                matcher.group(6) == null ? List.of() : List.of(comparison(matcher));
        return new SeccompRule(names, action, comparisons, condition);
    }

    private static Comparison comparison(Matcher matcher) {
        int index = Integer.parseInt(matcher.group(7));
        long value = Long.decode(matcher.group(9));
        return switch (matcher.group(8)) {
            case "==" -> new Comparison(index, SeccompCalls.CMP_EQ, value, 0);
            case "!=" -> new Comparison(index, SeccompCalls.CMP_NE, value, 0);
            default -> new Comparison(index, SeccompCalls.CMP_MASKED_EQ, value, 0);
        };
    }

    private static List<String> capabilities(@Nullable String words) {
        return after(words).map(name -> "CAP_" + name).toList();
    }

    /// The words after the first, which is the keyword.
    private static Stream<String> after(@Nullable String words) {
        return words == null ? Stream.of() : words(words).stream().skip(1);
    }

    private static List<String> words(String line) {
        return List.of(line.strip().split(" +", -1));
    }
}
