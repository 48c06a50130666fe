package io.carpel.agent.translate;

import io.carpel.cri.Capability;
import io.carpel.cri.LinuxContainerSecurityContext;
import io.carpel.cri.SELinuxOption;
import io.carpel.cri.SecurityProfile;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.spec.ProfileSpec;
import io.carpel.runtime.spec.SandboxSpec;
import io.carpel.runtime.spec.SecuritySpec;
import io.carpel.runtime.spec.SelinuxSpec;
import io.carpel.runtime.spec.UserSpec;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// A container's security context.
public final class SecurityTranslator {
    private static final String FIELD = "linux.security_context.";
    private static final Pattern CAPABILITY = Pattern.compile("[A-Za-z0-9_]{1,64}");
    private static final String LOCALHOST = "localhost/";

    private SecurityTranslator() {}

    /// @param handler the sandbox's runtime handler
    public static SecuritySpec toSpec(
            LinuxContainerSecurityContext wanted, SandboxSpec sandbox, Handler handler) {
        boolean privileged = wanted.getPrivileged();
        if (privileged && !sandbox.privileged()) {
            throw new InvalidArgumentException(
                    FIELD + "privileged true, but the sandbox was made without it");
        }
        Capability capabilities = wanted.getCapabilities();
        // Even what a privileged container will not use is checked: a typing error stays one.
        ProfileSpec seccomp = seccomp(wanted, handler);
        ProfileSpec apparmor = apparmor(wanted, handler);
        List<String> masked =
                Check.absolutePaths(FIELD + "masked_paths", wanted.getMaskedPathsList());
        List<String> readonly =
                Check.absolutePaths(FIELD + "readonly_paths", wanted.getReadonlyPathsList());
        return new SecuritySpec(
                privileged,
                handler.capabilities(),
                names("capabilities.add_capabilities", capabilities.getAddCapabilitiesList()),
                names("capabilities.drop_capabilities", capabilities.getDropCapabilitiesList()),
                names(
                        "capabilities.add_ambient_capabilities",
                        capabilities.getAddAmbientCapabilitiesList()),
                wanted.getNoNewPrivs() || handler.noNewPrivileges(),
                wanted.getReadonlyRootfs(),
                privileged ? List.of() : masked,
                privileged ? List.of() : readonly,
                privileged ? ProfileSpec.unconfined() : seccomp,
                privileged ? ProfileSpec.unconfined() : apparmor,
                selinux(wanted.getSelinuxOptions()));
    }

    private static List<String> names(String field, List<String> names) {
        Check.count(FIELD + field, names.size(), Bounds.CAPABILITIES);
        for (String name : names) {
            if (!CAPABILITY.matcher(name).matches()) {
                throw Check.invalid(FIELD + field, name, "is not the name of a capability");
            }
        }
        return names;
    }

    private static ProfileSpec seccomp(LinuxContainerSecurityContext wanted, Handler handler) {
        if (wanted.hasSeccomp()) {
            ProfileSpec profile = profile("seccomp", wanted.getSeccomp());
            if (profile.kind() == ProfileSpec.Kind.LOCALHOST) {
                Check.absolutePath(FIELD + "seccomp.localhost_ref", profile.reference());
            }
            return profile;
        }
        String field = "seccomp_profile_path";
        ProfileSpec profile = oldProfile(field, oldSeccomp(wanted), handler.seccomp());
        if (profile.kind() == ProfileSpec.Kind.LOCALHOST) {
            Check.absolutePath(FIELD + field, profile.reference());
        }
        return profile;
    }

    private static ProfileSpec apparmor(LinuxContainerSecurityContext wanted, Handler handler) {
        // Without a module in the kernel the runtime's default profile is none.
        ProfileSpec asked =
                wanted.hasApparmor()
                        ? profile("apparmor", wanted.getApparmor())
                        : oldProfile(
                                "apparmor_profile",
                                oldApparmor(wanted),
                                ProfileSpec.runtimeDefault());
        return asked.kind() == ProfileSpec.Kind.RUNTIME_DEFAULT ? handler.apparmor() : asked;
    }

    // Callers older than the fields that replaced these two still send them.
    @SuppressWarnings("deprecation")
    private static String oldSeccomp(LinuxContainerSecurityContext wanted) {
        return wanted.getSeccompProfilePath();
    }

    @SuppressWarnings("deprecation")
    private static String oldApparmor(LinuxContainerSecurityContext wanted) {
        return wanted.getApparmorProfile();
    }

    private static ProfileSpec profile(String field, SecurityProfile wanted) {
        return switch (wanted.getProfileType()) {
            case RuntimeDefault -> ProfileSpec.runtimeDefault();
            case Unconfined -> ProfileSpec.unconfined();
            case Localhost ->
                    new ProfileSpec(
                            ProfileSpec.Kind.LOCALHOST,
                            Check.name(
                                    FIELD + field + ".localhost_ref",
                                    withoutPrefix(wanted.getLocalhostRef())));
            case UNRECOGNIZED ->
                    throw Check.invalid(
                            FIELD + field + ".profile_type",
                            wanted.getProfileTypeValue(),
                            "is unknown");
        };
    }

    // Some callers carry the old form's prefix over into the new field.
    private static String withoutPrefix(String reference) {
        return reference.startsWith(LOCALHOST)
                ? reference.substring(LOCALHOST.length())
                : reference;
    }

    private static ProfileSpec oldProfile(String field, String value, ProfileSpec whenUnset) {
        if (value.startsWith(LOCALHOST)) {
            return new ProfileSpec(
                    ProfileSpec.Kind.LOCALHOST, Check.name(FIELD + field, withoutPrefix(value)));
        }
        return switch (value) {
            case "" -> whenUnset;
            case "unconfined" -> ProfileSpec.unconfined();
            case "runtime/default", "docker/default" -> ProfileSpec.runtimeDefault();
            default ->
                    throw Check.invalid(
                            FIELD + field,
                            value,
                            "is none of unconfined, runtime/default, localhost/…");
        };
    }

    /// Parts of a label, of a pod or of a container.
    static SelinuxSpec selinux(SELinuxOption wanted) {
        String field = FIELD + "selinux_options.";
        return new SelinuxSpec(
                Check.text(field + "user", wanted.getUser()),
                Check.text(field + "role", wanted.getRole()),
                Check.text(field + "type", wanted.getType()),
                Check.text(field + "level", wanted.getLevel()));
    }

    /// Who is to run the process. A user is given by number or by name, a group only beside one.
    public static UserSpec user(LinuxContainerSecurityContext wanted) {
        String name = wanted.getRunAsUsername();
        boolean hasName = !name.isEmpty();
        if (wanted.hasRunAsUser() && hasName) {
            throw Check.invalid(
                    FIELD + "run_as_username", name, "is given together with run_as_user");
        }
        if (wanted.hasRunAsGroup() && !wanted.hasRunAsUser() && !hasName) {
            throw Check.invalid(
                    FIELD + "run_as_group",
                    wanted.getRunAsGroup().getValue(),
                    "is given without a user");
        }
        if (hasName) {
            Check.name(FIELD + "run_as_username", name);
            // user:group is how images spell it; here the group has a field of its own.
            if (name.indexOf(':') >= 0) {
                throw Check.invalid(FIELD + "run_as_username", name, "holds ':'");
            }
        }
        return new UserSpec(
                wanted.hasRunAsUser()
                        ? Optional.of(
                                Check.id(FIELD + "run_as_user", wanted.getRunAsUser().getValue()))
                        : Optional.empty(),
                hasName ? Optional.of(name) : Optional.empty(),
                wanted.hasRunAsGroup()
                        ? Optional.of(
                                Check.id(FIELD + "run_as_group", wanted.getRunAsGroup().getValue()))
                        : Optional.empty(),
                Check.groups(FIELD + "supplemental_groups", wanted.getSupplementalGroupsList()),
                strict(wanted));
    }

    private static boolean strict(LinuxContainerSecurityContext wanted) {
        return switch (wanted.getSupplementalGroupsPolicy()) {
            case Merge -> false;
            case Strict -> true;
            case UNRECOGNIZED ->
                    throw Check.invalid(
                            FIELD + "supplemental_groups_policy",
                            wanted.getSupplementalGroupsPolicyValue(),
                            "is unknown");
        };
    }
}
