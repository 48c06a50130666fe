package io.carpel.runtime.network.bridge;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.network.AddressText;
import java.math.BigInteger;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/// A network in CIDR form, of either family, and the arithmetic on it.
final class AddressRange {
    private static final Pattern DOTTED_QUAD = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

    private final InetAddress base;
    private final int prefix;

    private AddressRange(InetAddress base, int prefix) {
        this.base = base;
        this.prefix = prefix;
    }

    /// @param field names the setting in error messages
    static AddressRange parse(String field, String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw malformed(field, text, "a '/' and a prefix length are missing");
        }
        InetAddress address = literal(field, text.substring(0, slash));
        int bits = address.getAddress().length * 8;
        int prefix;
        try {
            prefix = Integer.parseInt(text.substring(slash + 1));
        } catch (NumberFormatException _) {
            throw malformed(field, text, "the prefix length is not a number");
        }
        if (prefix < 0 || prefix > bits) {
            throw malformed(field, text, "the prefix length is not in 0…" + bits);
        }
        var range = new AddressRange(address, prefix);
        if (!range.at(0).equals(address)) {
            throw malformed(
                    field, text, "host bits are set, did you mean " + range.at(0).getHostAddress());
        }
        return range;
    }

    /// An address written as digits: no name is ever looked up.
    static InetAddress literal(String field, String text) {
        try {
            if (text.contains(":") || DOTTED_QUAD.matcher(text).matches()) {
                return InetAddress.ofLiteral(text);
            }
        } catch (IllegalArgumentException _) {
            // falls through to our own words
        }
        throw new InvalidArgumentException("%s '%s' is not an IP address".formatted(field, text));
    }

    private static InvalidArgumentException malformed(String field, String text, String why) {
        return new InvalidArgumentException(
                "%s '%s' is not a network like 10.88.0.0/16: %s".formatted(field, text, why));
    }

    boolean isIpv4() {
        return base instanceof Inet4Address;
    }

    int prefix() {
        return prefix;
    }

    /// How many bits number the addresses within.
    int hostBits() {
        return base.getAddress().length * 8 - prefix;
    }

    /// The address with this number, counted from the network's own address.
    InetAddress at(long index) {
        byte[] bytes = base.getAddress();
        BigInteger mask = BigInteger.ONE.shiftLeft(hostBits()).subtract(BigInteger.ONE);
        BigInteger value =
                new BigInteger(1, bytes).andNot(mask).or(BigInteger.valueOf(index).and(mask));
        byte[] raw = value.toByteArray();
        byte[] address = new byte[bytes.length];
        int length = Math.min(raw.length, address.length);
        System.arraycopy(raw, raw.length - length, address, address.length - length, length);
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // only for a wrong length
        }
    }

    boolean contains(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == base.getAddress().length
                && new BigInteger(1, bytes)
                        .shiftRight(hostBits())
                        .equals(new BigInteger(1, base.getAddress()).shiftRight(hostBits()));
    }

    /// Whether the two share an address.
    boolean overlaps(AddressRange other) {
        return prefix <= other.prefix ? contains(other.base) : other.contains(base);
    }

    /// The number of an address of this network.
    long indexOf(InetAddress address) {
        BigInteger mask = BigInteger.ONE.shiftLeft(hostBits()).subtract(BigInteger.ONE);
        return new BigInteger(1, address.getAddress()).and(mask).longValueExact();
    }

    @Override
    public String toString() {
        return AddressText.of(base) + "/" + prefix;
    }
}
