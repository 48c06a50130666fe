package io.carpel.agent.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import io.carpel.agent.config.AgentConfig;
import io.carpel.agent.config.ConfigException;
import io.carpel.agent.config.ConfigKeys;
import io.carpel.agent.config.ConfigKeys.LogFormat;
import io.carpel.agent.config.ConfigKeys.LogLevel;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/// Sets logging up: found by logback as its configurator, so that commands other than `serve` say
/// nothing but errors, and told the configuration by `serve`.
public final class LogSetup extends ContextAwareBase implements Configurator {
    private static final String APPENDER = "agent";

    /// Libraries that tell more than an administrator wants below their warnings.
    private static final String[] CHATTY = {
        "io.netty", "io.grpc", "land.oras", "org.freedesktop.dbus"
    };

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        install(context, Level.ERROR, new LineEncoder(false, Journal.onStderr()), stderr());
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /// Logs as configured from now on. A log file is opened anew, so that one that was renamed is
    /// let go.
    ///
    /// @throws ConfigException when the log file cannot be appended to; then nothing changes
    public static void apply(AgentConfig config) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        Optional<Path> file = config.get(ConfigKeys.LOG_FILE);
        boolean json = config.get(ConfigKeys.LOG_FORMAT) == LogFormat.JSON;
        install(
                context,
                level(config.get(ConfigKeys.LOG_LEVEL)),
                new LineEncoder(json, file.isEmpty() && Journal.onStderr()),
                file.map(LogSetup::append).orElseGet(LogSetup::stderr));
        quieten(context, config.get(ConfigKeys.LOG_LEVEL));
        JulBridge.install();
    }

    private static void quieten(LoggerContext context, LogLevel level) {
        boolean loud = level == LogLevel.TRACE;
        for (String name : CHATTY) {
            context.getLogger(name).setLevel(loud ? Level.DEBUG : Level.WARN);
        }
        // A collector that is away would be told of with each try; our own room says it once.
        context.getLogger("io.opentelemetry").setLevel(loud ? Level.WARN : Level.OFF);
        // gRPC sets SO_KEEPALIVE on unix sockets, which have none: a warning per connection.
        context.getLogger("io.netty.bootstrap.ServerBootstrap").setLevel(Level.ERROR);
    }

    private static OutputStream stderr() {
        return new Unclosed(System.err);
    }

    private static OutputStream append(Path file) {
        try {
            return new FileOutputStream(file.toString(), true);
        } catch (IOException e) {
            throw new ConfigException(
                    "log.file: cannot append to " + file + ": " + e.getMessage(), e);
        }
    }

    private static void install(
            LoggerContext context, Level level, LineEncoder encoder, OutputStream target) {
        Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        encoder.setContext(context);
        encoder.start();
        OutputStreamAppender<ILoggingEvent> appender = new OutputStreamAppender<>();
        appender.setName(APPENDER);
        appender.setContext(context);
        appender.setEncoder(encoder);
        appender.setOutputStream(target);
        appender.setImmediateFlush(true);
        appender.start();
        // The new one first: no event is lost in between, one may be told twice.
        List<Appender<ILoggingEvent>> old = new ArrayList<>();
        root.iteratorForAppenders().forEachRemaining(old::add);
        root.addAppender(appender);
        root.setLevel(level);
        old.forEach(each -> {
            root.detachAppender(each);
            each.stop();
        });
    }

    private static Level level(LogLevel level) {
        return switch (level) {
            case TRACE -> Level.TRACE;
            case DEBUG -> Level.DEBUG;
            case INFO -> Level.INFO;
            case WARN -> Level.WARN;
            case ERROR -> Level.ERROR;
        };
    }

    /// Keeps standard error open when an appender is exchanged.
    private static final class Unclosed extends OutputStream {
        private final OutputStream target;

        Unclosed(OutputStream target) {
            this.target = target;
        }

        @Override
        public void write(int b) throws IOException {
            target.write(b);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            target.write(bytes, from, length);
        }

        @Override
        public void flush() throws IOException {
            target.flush();
        }
    }
}
