package io.carpel.agent.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/// What this build is. The build writes it into a resource, so that classes and jar agree.
///
/// @param version the version of Carpel, in the form of semver
public record BuildInfo(String version) {
    private static final String RESOURCE = "/io/carpel/agent/build.properties";

    /// Reads the resource.
    public static BuildInfo load() {
        Properties properties = new Properties();
        try (InputStream in = BuildInfo.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException(RESOURCE + " is missing from this build");
            }
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + RESOURCE, e);
        }
        return new BuildInfo(properties.getProperty("version", ""));
    }
}
