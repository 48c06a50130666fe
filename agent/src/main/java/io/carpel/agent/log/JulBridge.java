package io.carpel.agent.log;

import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.slf4j.LoggerFactory;

/// Leads what gRPC logs by java.util.logging into our log: its warnings and errors.
final class JulBridge extends Handler {
    private final Message formatter = new Message();

    private JulBridge() {}

    static void install() {
        LogManager.getLogManager().reset();
        Logger root = Logger.getLogger("");
        root.setLevel(Level.WARNING);
        root.addHandler(new JulBridge());
    }

    @Override
    public void publish(LogRecord event) {
        String name = event.getLoggerName() == null ? "jul" : event.getLoggerName();
        var target = LoggerFactory.getLogger(name);
        String message = formatter.formatMessage(event);
        if (event.getLevel().intValue() >= Level.SEVERE.intValue()) {
            target.error(message, event.getThrown());
        } else {
            target.warn(message, event.getThrown());
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}

    /// The text with its parameters filled in. The JDK's own formatters look for a logger among all
    /// libraries first.
    private static final class Message extends Formatter {
        @Override
        public String format(LogRecord event) {
            return formatMessage(event);
        }
    }
}
