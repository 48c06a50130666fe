/// The agent's configuration.
///
/// [ConfigKeys] declares every option once. The configuration file, the flags of `carpel serve`,
/// the commented default file, the manual page and `carpel config show` are all derived from it.
/// [ConfigLoader] reads the sources in the order of their weight: defaults, `config.toml`, the
/// drop-ins in lexical order, the environment, flags. Each value of an [AgentConfig] knows where it
/// comes from.
@NullMarked
package io.carpel.agent.config;

import org.jspecify.annotations.NullMarked;
