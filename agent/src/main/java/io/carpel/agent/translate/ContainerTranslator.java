package io.carpel.agent.translate;

import io.carpel.cri.ContainerConfig;
import io.carpel.cri.ContainerMetadata;
import io.carpel.cri.KeyValue;
import io.carpel.cri.LinuxContainerSecurityContext;
import io.carpel.cri.NamespaceOption;
import io.carpel.runtime.container.Container;
import io.carpel.runtime.container.ContainerState;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.spec.Bytes;
import io.carpel.runtime.spec.ContainerSpec;
import io.carpel.runtime.spec.EnvVar;
import io.carpel.runtime.spec.MountSpec;
import io.carpel.runtime.spec.PidMode;
import io.carpel.runtime.spec.ProcessSpec;
import io.carpel.runtime.spec.UserNamespaceSpec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A container as CRI asks for it → [ContainerSpec].
public final class ContainerTranslator {
    private final HostAbilities host;
    private final Handlers handlers;

    public ContainerTranslator(HostAbilities host, Handlers handlers) {
        this.host = host;
        this.handlers = handlers;
    }

    /// @param target the container whose processes are to be seen, when the request names one
    public ContainerSpec toSpec(
            String id, ContainerConfig config, Sandbox sandbox, Optional<Container> target) {
        ContainerMetadata metadata = metadata(config);
        Handler handler = handlers.of(sandbox.spec());
        handlers.asked("image.runtime_handler", config.getImage().getRuntimeHandler());
        Check.count("labels", config.getLabelsCount(), Bounds.LABELS);
        Check.count("annotations", config.getAnnotationsCount(), Bounds.LABELS);
        LinuxContainerSecurityContext context = config.getLinux().getSecurityContext();
        PidMode pid =
                NamespaceTranslator.pidOfContainer(
                        namespaceOptions(config), sandbox.spec().namespaces());
        return new ContainerSpec(
                id,
                sandbox.id(),
                metadata.getName() + "/" + metadata.getAttempt(),
                Check.name("image.image", config.getImage().getImage()),
                process(config, context),
                mounts(config, sandbox, handler),
                MountTranslator.devices(config),
                MountTranslator.namedDevices(config),
                ResourceTranslator.toLimits(config.getLinux().getResources()),
                SecurityTranslator.toSpec(context, sandbox.spec(), handler),
                handler.rlimits(),
                pid,
                pid == PidMode.TARGET
                        ? Optional.of(targetId(sandbox, target, config))
                        : Optional.empty(),
                logPath(config.getLogPath(), sandbox),
                SignalTranslator.toNumber(config.getStopSignal(), config.getStopSignalValue()),
                Bytes.copyOf(withoutValues(config).toByteArray()));
    }

    /// What is kept of the request: everything but the values of variables, which nobody is ever
    /// shown, and which are many megabytes on a node together.
    private static ContainerConfig withoutValues(ContainerConfig config) {
        ContainerConfig.Builder kept = config.toBuilder().clearEnvs();
        for (KeyValue variable : config.getEnvsList()) {
            kept.addEnvs(variable.toBuilder().clearValue());
        }
        return kept.build();
    }

    /// Volumes of a pod whose ids the runtime has chosen come without maps: who asked for them does
    /// not know the ids.
    private List<MountSpec> mounts(ContainerConfig config, Sandbox sandbox, Handler handler) {
        List<MountSpec> mounts = MountTranslator.mounts(config, host);
        Optional<UserNamespaceSpec> user = sandbox.spec().namespaces().user();
        if (sandbox.spec().remap().isEmpty() || !handler.mapVolumes() || user.isEmpty()) {
            return mounts;
        }
        return mounts.stream()
                .map(mount ->
                        mount.image().isPresent() || !mount.uidMappings().isEmpty()
                                ? mount
                                : mount.with(user.get()))
                .toList();
    }

    public static ContainerMetadata metadata(ContainerConfig config) {
        if (!config.hasMetadata()) {
            throw new InvalidArgumentException("config.metadata is missing");
        }
        Check.name("config.metadata.name", config.getMetadata().getName());
        return config.getMetadata();
    }

    /// What the request says about namespaces, if anything.
    public static Optional<NamespaceOption> namespaceOptions(ContainerConfig config) {
        LinuxContainerSecurityContext context = config.getLinux().getSecurityContext();
        return context.hasNamespaceOptions()
                ? Optional.of(context.getNamespaceOptions())
                : Optional.empty();
    }

    private static ProcessSpec process(
            ContainerConfig config, LinuxContainerSecurityContext context) {
        String directory = config.getWorkingDir();
        return new ProcessSpec(
                words("command", config.getCommandList()),
                words("args", config.getArgsList()),
                env(config.getEnvsList()),
                directory.isEmpty() ? "" : Check.absolutePath("working_dir", directory),
                SecurityTranslator.user(context),
                config.getTty(),
                config.getStdin(),
                config.getStdin() && config.getStdinOnce());
    }

    /// What is to be run in a container, from the field `cmd`.
    public static List<String> command(List<String> words) {
        if (words.isEmpty() || words.getFirst().isEmpty()) {
            throw new InvalidArgumentException(
                    words.isEmpty() ? "cmd is empty" : "cmd[0] is empty");
        }
        return words("cmd", words);
    }

    /// Arguments of a program: any text the kernel takes, line feeds included.
    private static List<String> words(String field, List<String> words) {
        Check.count(field, words.size(), Bounds.ARGUMENTS);
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            if (word.indexOf('\0') >= 0) {
                throw Check.invalid("%s[%d]".formatted(field, i), word, "holds a zero byte");
            }
            if (word.getBytes(StandardCharsets.UTF_8).length >= Bounds.ARGUMENT_BYTES) {
                throw new InvalidArgumentException(
                        "%s[%d] has %d characters or more bytes, the kernel takes %d bytes"
                                .formatted(field, i, word.length(), Bounds.ARGUMENT_BYTES - 1));
            }
        }
        return words;
    }

    private static List<EnvVar> env(List<KeyValue> variables) {
        Check.count("envs", variables.size(), Bounds.VARIABLES);
        List<EnvVar> env = new ArrayList<>(variables.size());
        for (KeyValue variable : variables) {
            String key = variable.getKey();
            if (key.isEmpty()) {
                throw new InvalidArgumentException("envs.key is empty");
            }
            if (key.indexOf('=') >= 0 || key.indexOf('\0') >= 0) {
                throw Check.invalid("envs.key", key, "holds '=' or a zero byte");
            }
            checkValue(key, variable);
            env.add(new EnvVar(key, Bytes.copyOf(variable.getValue().toByteArray())));
        }
        return env;
    }

    // Values may be secret: no message shows one.
    private static void checkValue(String key, KeyValue variable) {
        long bytes = key.getBytes(StandardCharsets.UTF_8).length + variable.getValue().size() + 2L;
        if (bytes > Bounds.ARGUMENT_BYTES) {
            throw Check.invalid(
                    "envs.key",
                    key,
                    "and its value take %d bytes, the kernel takes %d"
                            .formatted(bytes, Bounds.ARGUMENT_BYTES));
        }
        // HOME is copied into lines of other programs' files: none but printable characters there.
        int least = key.equals("HOME") ? ' ' : 1;
        for (byte b : variable.getValue()) {
            if (Byte.toUnsignedInt(b) < least) {
                throw Check.invalid(
                        "envs.key",
                        key,
                        least == 1
                                ? "has a value with a zero byte"
                                : "has a value with a control character");
            }
        }
    }

    private static String targetId(
            Sandbox sandbox, Optional<Container> target, ContainerConfig config) {
        String field = "linux.security_context.namespace_options.target_id";
        String wanted = config.getLinux().getSecurityContext().getNamespaceOptions().getTargetId();
        Container container =
                target.orElseThrow(() -> Check.invalid(field, wanted, "is no container here"));
        if (!container.spec().sandboxId().equals(sandbox.id())) {
            throw Check.invalid(field, wanted, "is a container of another sandbox");
        }
        if (container.spec().pid() != PidMode.CONTAINER) {
            throw Check.invalid(
                    field,
                    wanted,
                    "has no pid namespace of its own but that of pid mode "
                            + container.spec().pid());
        }
        if (!(container.state() instanceof ContainerState.Running)) {
            throw new FailedPreconditionException(
                    "%s '%s' is a container that does not run".formatted(field, wanted));
        }
        return container.id();
    }

    private static Optional<Path> logPath(String path, Sandbox sandbox) {
        if (path.isEmpty()) {
            return Optional.empty();
        }
        Check.relativePath("log_path", path);
        return sandbox.spec().logDirectory().map(directory -> directory.resolve(path).normalize());
    }
}
