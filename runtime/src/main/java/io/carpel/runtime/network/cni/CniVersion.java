package io.carpel.runtime.network.cni;

import java.util.List;
import java.util.Optional;

/// The versions of the specification that are spoken here, oldest first: the order of the constants
/// is their order in time.
enum CniVersion {
    V0_3_0("0.3.0"),
    V0_3_1("0.3.1"),
    /// Brings CHECK, and `prevResult` for DEL.
    V0_4_0("0.4.0"),
    /// Results say nothing about the family of an address any more.
    V1_0_0("1.0.0"),
    /// Brings STATUS and GC.
    V1_1_0("1.1.0");

    private final String text;

    CniVersion(String text) {
        this.text = text;
    }

    static Optional<CniVersion> of(String text) {
        for (CniVersion version : values()) {
            if (version.text.equals(text)) {
                return Optional.of(version);
            }
        }
        return Optional.empty();
    }

    /// The newest of these that is spoken here.
    static Optional<CniVersion> newestOf(List<String> texts) {
        return texts.stream()
                .map(CniVersion::of)
                .flatMap(Optional::stream)
                .max(CniVersion::compareTo);
    }

    boolean atLeast(CniVersion other) {
        return compareTo(other) >= 0;
    }

    @Override
    public String toString() {
        return text;
    }
}
