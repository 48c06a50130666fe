package io.carpel.runtime.image;

import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.image.snapshot.MergedView;
import io.carpel.runtime.linux.FileCalls;
import io.carpel.runtime.spec.Printable;
import io.carpel.runtime.spec.UserSpec;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/// Looks users and groups up in an image's own passwd and group files, as its merged layers show
/// them.
///
/// What looks like a number is a number: outside 0 to 2^31-1 it is an error and never taken for a
/// name (CVE-2024-40635, CVE-2026-46680). The files are read up to a bound (CVE-2025-4437).
public final class ImageAccounts {
    private static final int FILE_LIMIT = 4 << 20;
    private static final long ID_LIMIT = Integer.MAX_VALUE;
    private static final int NAME_LIMIT = 256;
    private static final int SMALL = 16 << 10;
    private static final int KEPT = 64;

    private final FileCalls files;

    /// By image; an id stands for its layers, and those never change.
    private final Map<String, AccountFiles> small = new ConcurrentHashMap<>();

    public ImageAccounts(FileCalls files) {
        this.files = files;
    }

    /// The user, with `group` when the image names one.
    private record Wanted(String user, Optional<String> group) {}

    /// @throws InvalidArgumentException naming the user or group that is unknown or malformed
    public ResolvedUser resolve(Image image, UserSpec user) {
        if (user.gid().isPresent() && user.uid().isEmpty() && user.name().isEmpty()) {
            throw new InvalidArgumentException(
                    "a group (%d) is asked for without a user".formatted(user.gid().get()));
        }
        Wanted wanted = wanted(image, user);
        AccountFiles accounts = accounts(image);
        Optional<Long> number = number(wanted.user(), "user");
        Optional<AccountFiles.Account> account =
                number.isPresent() ? accounts.byId(number.get()) : accounts.byName(wanted.user());
        if (number.isEmpty() && account.isEmpty()) {
            throw new InvalidArgumentException(
                    "user '%s' is not in the passwd file of image %s"
                            .formatted(Printable.of(wanted.user()), image.id()));
        }
        long uid = number.orElseGet(() -> account.orElseThrow().uid());
        long gid = gid(image, user, wanted, account, accounts);
        TreeSet<Long> groups = new TreeSet<>();
        groups.add(gid);
        for (long extra : user.supplementaryGroups()) {
            groups.add(bounded(extra, "supplementary group"));
        }
        if (!user.strictGroups()) {
            account.ifPresent(a -> groups.addAll(accounts.memberships(a.name())));
        }
        String home = account.map(AccountFiles::checkedHome).orElse("/");
        return new ResolvedUser(uid, gid, List.copyOf(groups), home);
    }

    private static Wanted wanted(Image image, UserSpec user) {
        if (user.uid().isPresent()) {
            long uid = bounded(user.uid().get(), "user");
            return new Wanted(Long.toString(uid), Optional.empty());
        }
        if (user.name().isPresent()) {
            String name = user.name().get();
            if (name.isEmpty() || name.indexOf(':') >= 0) {
                throw new InvalidArgumentException(
                        "user '" + Printable.of(name) + "' is not a user name");
            }
            return new Wanted(checked(name), Optional.empty());
        }
        String fromImage = image.config().user();
        if (fromImage.isEmpty()) {
            return new Wanted("0", Optional.empty());
        }
        String[] parts = fromImage.split(":", -1);
        if (parts.length > 2 || parts[0].isEmpty() || (parts.length == 2 && parts[1].isEmpty())) {
            throw new InvalidArgumentException(
                    "user '%s' of image %s is neither user nor user:group"
                            .formatted(Printable.of(fromImage), image.id()));
        }
        return new Wanted(
                checked(parts[0]),
                parts.length == 2 ? Optional.of(checked(parts[1])) : Optional.empty());
    }

    private static String checked(String name) {
        if (name.length() > NAME_LIMIT || name.chars().anyMatch(c -> c <= ' ' || c == 0x7f)) {
            throw new InvalidArgumentException(
                    "user or group '" + Printable.of(name) + "' is not a name");
        }
        return name;
    }

    private static long gid(
            Image image,
            UserSpec user,
            Wanted wanted,
            Optional<AccountFiles.Account> account,
            AccountFiles accounts) {
        if (user.gid().isPresent()) {
            return bounded(user.gid().get(), "group");
        }
        if (wanted.group().isEmpty()) {
            return account.map(AccountFiles.Account::gid).orElse(0L);
        }
        String group = wanted.group().get();
        return number(group, "group")
                .or(() -> accounts.groupByName(group))
                .orElseThrow(() ->
                        new InvalidArgumentException(
                                "group '%s' is not in the group file of image %s"
                                        .formatted(Printable.of(group), image.id())));
    }

    /// The number that `text` is, or nothing when it is a name.
    private static Optional<Long> number(String text, String what) {
        String digits = text.startsWith("-") || text.startsWith("+") ? text.substring(1) : text;
        if (digits.isEmpty() || !digits.chars().allMatch(AccountFiles::digit)) {
            return Optional.empty();
        }
        if (digits.length() > 10 || !digits.equals(text)) {
            throw outside(text, what);
        }
        return Optional.of(bounded(Long.parseLong(digits), what));
    }

    private static long bounded(long id, String what) {
        if (id < 0 || id > ID_LIMIT) {
            throw outside(Long.toString(id), what);
        }
        return id;
    }

    private static InvalidArgumentException outside(String value, String what) {
        return new InvalidArgumentException(
                "%s %s is outside 0 to %d".formatted(what, Printable.of(value), ID_LIMIT));
    }

    private AccountFiles accounts(Image image) {
        AccountFiles known = small.get(image.id());
        if (known != null) {
            return known;
        }
        byte[] passwd = read(image, "etc/passwd");
        byte[] group = read(image, "etc/group");
        AccountFiles accounts = new AccountFiles(passwd, group);
        if (passwd.length + group.length <= SMALL) {
            if (small.size() >= KEPT) {
                small.clear();
            }
            small.put(image.id(), accounts);
        }
        return accounts;
    }

    private byte[] read(Image image, String path) {
        try {
            return new MergedView(files, image.layers()).read(path, FILE_LIMIT).orElse(new byte[0]);
        } catch (IOException e) {
            throw new InvalidArgumentException(
                    "cannot read /%s of image %s: %s".formatted(path, image.id(), e.getMessage()),
                    e);
        }
    }
}
