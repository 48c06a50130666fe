package io.carpel.runtime.image;

import io.carpel.runtime.error.InvalidArgumentException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// An image's passwd and group files. Lines that are malformed are passed over, as the C library
/// does; of two lines with the same name the first counts.
final class AccountFiles {
    private static final long ID_LIMIT = 0xFFFF_FFFEL;

    private final String passwd;
    private final String group;

    AccountFiles(byte[] passwd, byte[] group) {
        this.passwd = new String(passwd, StandardCharsets.UTF_8);
        this.group = new String(group, StandardCharsets.UTF_8);
    }

    /// A line of passwd.
    record Account(String name, long uid, long gid, String home) {}

    Optional<Account> byName(String name) {
        return accounts().stream().filter(a -> a.name().equals(name)).findFirst();
    }

    Optional<Account> byId(long uid) {
        return accounts().stream().filter(a -> a.uid() == uid).findFirst();
    }

    private List<Account> accounts() {
        List<Account> out = new ArrayList<>();
        passwd.lines()
                .forEach(line -> {
                    String[] fields = line.split(":", -1);
                    if (fields.length >= 6 && !fields[0].isEmpty()) {
                        long uid = id(fields[2]);
                        long gid = id(fields[3]);
                        if (uid >= 0 && gid >= 0) {
                            out.add(new Account(fields[0], uid, gid, fields[5]));
                        }
                    }
                });
        return out;
    }

    Optional<Long> groupByName(String name) {
        return group.lines()
                .map(line -> line.split(":", -1))
                .filter(fields -> fields.length >= 3 && fields[0].equals(name))
                .map(fields -> id(fields[2]))
                .filter(gid -> gid >= 0)
                .findFirst();
    }

    /// Groups that list the user as a member.
    List<Long> memberships(String user) {
        List<Long> out = new ArrayList<>();
        group.lines()
                .map(line -> line.split(":", -1))
                .filter(fields ->
                        fields.length >= 4 && List.of(fields[3].split(",", -1)).contains(user))
                .map(fields -> id(fields[2]))
                .filter(gid -> gid >= 0)
                .forEach(out::add);
        return out;
    }

    private static long id(String digits) {
        if (digits.isEmpty()
                || digits.length() > 10
                || !digits.chars().allMatch(AccountFiles::digit)) {
            return -1;
        }
        long id = Long.parseLong(digits);
        return id <= ID_LIMIT ? id : -1;
    }

    static boolean digit(int c) {
        return c >= '0' && c <= '9';
    }

    /// HOME ends up in the environment and in generated files: nothing in it may end a line.
    static String checkedHome(Account account) {
        String home = account.home();
        if (home.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
            throw new InvalidArgumentException(
                    "home directory of user '%s' in the image's passwd file has control characters"
                            .formatted(io.carpel.runtime.spec.Printable.of(account.name())));
        }
        return home.isEmpty() ? "/" : home;
    }
}
