package io.carpel.agent.log;

import java.text.MessageFormat;
import java.util.ResourceBundle;
import org.slf4j.LoggerFactory;

/// Leads what the JDK itself logs into our log.
///
/// Also for the sake of the start: the JDK looks for such a class as soon as anybody logs by
/// java.util.logging, and would open every library to find none.
public final class PlatformLog extends System.LoggerFinder {
    @Override
    public System.Logger getLogger(String name, Module module) {
        return new Adapted(LoggerFactory.getLogger(name));
    }

    private record Adapted(org.slf4j.Logger target) implements System.Logger {
        @Override
        public String getName() {
            return target.getName();
        }

        @Override
        public boolean isLoggable(Level level) {
            return level == Level.ALL
                    || (level != Level.OFF && target.isEnabledForLevel(of(level)));
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
            if (isLoggable(level)) {
                target.atLevel(of(level)).setCause(thrown).log(text(bundle, message));
            }
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String format, Object... parameters) {
            if (isLoggable(level)) {
                String text = text(bundle, format);
                boolean plain = parameters == null || parameters.length == 0;
                target.atLevel(of(level))
                        .log(plain ? text : MessageFormat.format(text, parameters));
            }
        }

        private static String text(ResourceBundle bundle, String message) {
            return bundle != null && message != null && bundle.containsKey(message)
                    ? bundle.getString(message)
                    : String.valueOf(message);
        }

        private static org.slf4j.event.Level of(Level level) {
            return switch (level) {
                case ERROR -> org.slf4j.event.Level.ERROR;
                case WARNING -> org.slf4j.event.Level.WARN;
                case INFO -> org.slf4j.event.Level.INFO;
                case DEBUG -> org.slf4j.event.Level.DEBUG;
                case TRACE, ALL, OFF -> org.slf4j.event.Level.TRACE;
            };
        }
    }
}
