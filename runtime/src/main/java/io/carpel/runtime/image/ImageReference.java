package io.carpel.runtime.image;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.Printable;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// A name for an image in the grammar that docker made common, normalised when parsed.
///
/// `busybox` means `docker.io/library/busybox:latest`. A digest wins over a tag: `name:tag@digest`
/// asks for the digest and the tag is kept for display only.
///
/// @param domain host and optional port of the registry
/// @param path repository below the domain
public record ImageReference(
        String domain, String path, Optional<String> tag, Optional<String> digest) {
    private static final String DEFAULT_DOMAIN = "docker.io";
    private static final int NAME_LIMIT = 255;

    private static final Pattern HOST =
            Pattern.compile(
                    "(?:\\[[0-9a-fA-F:]{2,45}\\]"
                            + "|(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]{0,62}[a-zA-Z0-9])"
                            + "(?:\\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]{0,62}[a-zA-Z0-9]))*)"
                            + "(?::[0-9]{1,5})?");
    private static final Pattern COMPONENT =
            Pattern.compile("[a-z0-9]++(?:(?:\\.|_|__|-++)[a-z0-9]++)*+");
    private static final Pattern TAG = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}");
    private static final Pattern DIGEST =
            Pattern.compile("sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}");
    private static final Pattern HEX_ID = Pattern.compile("(?:sha256:)?[0-9a-f]{64}");
    private static final Pattern HEX_PREFIX = Pattern.compile("(?:sha256:)?[0-9a-f]{3,64}");

    /// Reads a reference and fills in the default domain, `library/` and `:latest`.
    ///
    /// @throws InvalidArgumentException naming the reference and the part that is wrong
    public static ImageReference parse(String reference) {
        if (reference.isEmpty()) {
            throw new InvalidArgumentException("image reference is empty");
        }
        if (HEX_ID.matcher(reference).matches()) {
            throw malformed(reference, "it is an image id, not a name");
        }
        String rest = reference;
        Optional<String> digest = Optional.empty();
        int at = rest.indexOf('@');
        if (at >= 0) {
            digest = Optional.of(rest.substring(at + 1));
            rest = rest.substring(0, at);
        }
        Optional<String> tag = Optional.empty();
        int colon = rest.lastIndexOf(':');
        if (colon > rest.lastIndexOf('/')) {
            tag = Optional.of(rest.substring(colon + 1));
            rest = rest.substring(0, colon);
        }
        if (digest.isPresent() && !DIGEST.matcher(digest.get()).matches()) {
            throw malformed(reference, "the digest must be sha256 or sha512 in lower-case hex");
        }
        if (tag.isPresent() && !TAG.matcher(tag.get()).matches()) {
            throw malformed(reference, "the tag must be 1 to 128 of [A-Za-z0-9_.-]");
        }
        return named(reference, rest, tag, digest);
    }

    private static ImageReference named(
            String reference, String name, Optional<String> tag, Optional<String> digest) {
        int slash = name.indexOf('/');
        String domain = DEFAULT_DOMAIN;
        String path = name;
        if (slash >= 0 && looksLikeDomain(name.substring(0, slash))) {
            domain = name.substring(0, slash);
            path = name.substring(slash + 1);
        }
        if (domain.equals("index.docker.io")) {
            domain = DEFAULT_DOMAIN;
        }
        if (!HOST.matcher(domain).matches()) {
            throw malformed(reference, "the registry is not a host name");
        }
        if (domain.equals(DEFAULT_DOMAIN) && path.indexOf('/') < 0) {
            path = "library/" + path;
        }
        for (String component : path.split("/", -1)) {
            if (!COMPONENT.matcher(component).matches()) {
                throw malformed(
                        reference,
                        "path component '"
                                + Printable.of(component)
                                + "' must be lower-case letters and digits with separators between");
            }
        }
        if (domain.length() + 1 + path.length() > NAME_LIMIT) {
            throw malformed(reference, "the name is longer than " + NAME_LIMIT + " characters");
        }
        Optional<String> effective =
                tag.isEmpty() && digest.isEmpty() ? Optional.of("latest") : tag;
        return new ImageReference(domain, path, effective, digest);
    }

    private static boolean looksLikeDomain(String first) {
        return first.indexOf('.') >= 0
                || first.indexOf(':') >= 0
                || first.equals("localhost")
                || !first.equals(first.toLowerCase(Locale.ROOT));
    }

    private static InvalidArgumentException malformed(String reference, String why) {
        return new InvalidArgumentException(
                "image reference '" + Printable.of(reference) + "' is malformed: " + why);
    }

    /// Whether `text` could be an image id or the beginning of one, with or without `sha256:`.
    public static boolean looksLikeId(String text) {
        return HEX_PREFIX.matcher(text).matches();
    }

    /// Domain and path.
    public String name() {
        return domain + "/" + path;
    }

    /// The name under which a pull of this reference is kept: the digest form wins.
    public String canonical() {
        return digest.map(d -> name() + "@" + d)
                .orElseGet(() -> name() + ":" + tag.orElse("latest"));
    }

    /// What a registry is asked for: the digest, or the tag.
    public String manifestReference() {
        return digest.orElseGet(() -> tag.orElse("latest"));
    }

    /// The full form, tag and digest as given.
    @Override
    public String toString() {
        return name() + tag.map(t -> ":" + t).orElse("") + digest.map(d -> "@" + d).orElse("");
    }
}
