package io.carpel.agent;

import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.BuildInfo;
import io.carpel.agent.config.ConfigKeys;
import io.carpel.agent.config.RuntimeSettings;
import io.carpel.agent.log.Journal;
import io.carpel.agent.log.LogSetup;
import io.carpel.agent.metrics.Observation;
import io.carpel.runtime.HostAccess;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.host.ServiceNotifier;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The process of `carpel serve`: log, pid file, signals, the word to the service manager.
final class ServeProcess {
    private static final Logger LOG = LoggerFactory.getLogger(ServeProcess.class);
    private static final int FAILED = 1;

    /// Less than what service managers wait before they kill.
    private static final long STOP_SECONDS = 15;

    private final CountDownLatch stop = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);

    private ServeProcess() {}

    /// Serves until SIGTERM or SIGINT; SIGHUP reads the configuration again.
    ///
    /// @param again reads the configuration
    /// @return the exit code, when it did not come to serving
    static int run(AgentConfig config, Supplier<AgentConfig> again) {
        LogSetup.apply(config);
        Reload reload =
                new Reload(
                        config,
                        again,
                        LogSetup::apply,
                        next -> HostAccess.registryProblems(RuntimeSettings.of(next).images()));
        HangUp.handle(reload::run);
        return new ServeProcess().serve(config, reload);
    }

    private int serve(AgentConfig config, Reload reload) {
        LOG.info(
                "carpel {} starts, instance '{}', state in {}",
                BuildInfo.load().version(),
                config.get(ConfigKeys.INSTANCE),
                config.get(ConfigKeys.STATE_DIR));
        Optional<Path> pidFile = config.get(ConfigKeys.PID_FILE);
        try (ServiceNotifier notifier = notifier(config);
                Observation observation = Observation.open(config);
                Agent agent = Agent.open(config, observation)) {
            writePid(pidFile);
            Runtime.getRuntime()
                    .addShutdownHook(Thread.ofPlatform().name("stop").unstarted(this::onSignal));
            reload.serving(agent::prepare);
            notifier.ready("serving on " + config.get(ConfigKeys.LISTEN));
            notifier.startWatchdog(agent::healthy);
            LOG.info("serving after {} ms", sinceStart());
            stop.await();
            LOG.info("stopping, containers run on");
            notifier.stopping();
        } catch (ContainerRuntimeException | IOException e) {
            LOG.error("cannot serve", e);
            System.err.println(Journal.errorMark() + "carpel: cannot serve: " + e.getMessage());
            return FAILED;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return FAILED;
        } finally {
            removePid(pidFile);
            stopped.countDown();
        }
        return 0;
    }

    private static ServiceNotifier notifier(AgentConfig config) {
        return HostAccess.serviceNotifier(
                config.get(ConfigKeys.READY_NOTIFY) ? System.getenv() : Map.of());
    }

    /// Runs when the JVM was told to end. It would end with the signal's number; an orderly stop is
    /// no failure, and service managers ask the exit code.
    private void onSignal() {
        stop.countDown();
        try {
            if (stopped.await(STOP_SECONDS, TimeUnit.SECONDS)) {
                Runtime.getRuntime().halt(0);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static long sinceStart() {
        return System.currentTimeMillis()
                - ProcessHandle.current()
                        .info()
                        .startInstant()
                        .map(java.time.Instant::toEpochMilli)
                        .orElseGet(ManagementFactory.getRuntimeMXBean()::getStartTime);
    }

    private static void writePid(Optional<Path> file) throws IOException {
        if (file.isPresent()) {
            Files.writeString(file.get(), ProcessHandle.current().pid() + "\n");
        }
    }

    /// Another agent may have taken over in the meantime.
    private static void removePid(Optional<Path> file) {
        file.ifPresent(path -> {
            try {
                String own = Long.toString(ProcessHandle.current().pid());
                if (Files.exists(path) && Files.readString(path).strip().equals(own)) {
                    Files.delete(path);
                }
            } catch (IOException e) {
                LOG.warn("pid file {} not removed: {}", path, e.getMessage());
            }
        });
    }
}
