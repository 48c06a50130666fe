package io.carpel.runtime.crypto;

import com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider;
import java.security.Security;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The algorithms of AWS-LC in place of the JDK's.
///
/// The JDK's become fast only in the hands of its optimizing compiler, which puts the processor's
/// instructions for SHA and AES in their place. This process goes without that compiler, for the
/// sake of memory and start-up, and so hashes some 50 MB and deciphers some 25 MB in a second: a
/// twentieth of what a pull needs. AWS-LC brings machine code for both.
///
/// Loading takes about 0.1 s, and so waits until something long is hashed or TLS is spoken.
public final class NativeCryptography {
    private static final Logger LOG = LoggerFactory.getLogger(NativeCryptography.class);

    private NativeCryptography() {}

    /// Puts AWS-LC before the JDK's own providers, for the whole process; from the second call on
    /// does nothing. Where its library cannot be loaded, the JDK's stay in use and the log says
    /// why. May be called by any thread.
    ///
    /// @return whether AWS-LC is in use
    public static boolean use() {
        return Once.IN_USE;
    }

    private static final class Once {
        static final boolean IN_USE = load();

        private static boolean load() {
            AmazonCorrettoCryptoProvider provider = AmazonCorrettoCryptoProvider.INSTANCE;
            Throwable failure = provider.getLoadingError();
            if (failure != null) {
                LOG.atWarn()
                        .setMessage("pulls will be slow: AWS-LC cannot be loaded: {}")
                        .addArgument(failure::toString)
                        .log();
                return false;
            }
            Security.insertProviderAt(provider, 1);
            return true;
        }
    }
}
