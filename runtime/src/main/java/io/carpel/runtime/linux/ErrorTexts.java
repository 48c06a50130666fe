package io.carpel.runtime.linux;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What `strerror(3)` says for each error number. The JDK takes its words from there, so they can
/// be turned back whatever the locale of this process is.
final class ErrorTexts {
    static {
        Native.register(ErrorTexts.class, "c");
    }

    // asm-generic/errno.h: the last one
    private static final int LAST = 133;

    private static final Map<String, Integer> NUMBERS = numbers();

    private ErrorTexts() {}

    private static Map<String, Integer> numbers() {
        var numbers = new HashMap<String, Integer>();
        for (int number = 1; number <= LAST; number++) {
            numbers.putIfAbsent(text(number), number);
        }
        return Map.copyOf(numbers);
    }

    /// @param text of an exception; nothing stands for one without
    /// @return 0 when it is none of them
    static int number(@Nullable String text) {
        return text == null ? 0 : NUMBERS.getOrDefault(text, 0);
    }

    /// As the JDK says it, and every library of C.
    static String text(int number) {
        return strerror(number).getString(0, System.getProperty("sun.jnu.encoding", "UTF-8"));
    }

    private static native Pointer strerror(int number);
}
