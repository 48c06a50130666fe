package io.carpel.agent.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.cri.Capability;
import io.carpel.cri.Int64Value;
import io.carpel.cri.LinuxContainerSecurityContext;
import io.carpel.cri.LinuxSandboxSecurityContext;
import io.carpel.cri.SELinuxOption;
import io.carpel.cri.SecurityProfile;
import io.carpel.cri.SecurityProfile.ProfileType;
import io.carpel.cri.SupplementalGroupsPolicy;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.sandbox.Sandbox;
import io.carpel.runtime.spec.ProfileSpec;
import io.carpel.runtime.spec.SecuritySpec;
import io.carpel.runtime.spec.UserSpec;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class SecurityTranslatorTest {
    private static final Sandbox PLAIN = Requests.snapshot(Requests.sandbox());
    private static final Sandbox PRIVILEGED =
            Requests.snapshot(
                    Requests.sandbox(LinuxSandboxSecurityContext.newBuilder().setPrivileged(true)));

    private static LinuxContainerSecurityContext.Builder context() {
        return LinuxContainerSecurityContext.newBuilder();
    }

    private static final Handler UNCONFINED = Handler.plain("", ProfileSpec.unconfined());

    private static Int64Value id(long value) {
        return Int64Value.newBuilder().setValue(value).build();
    }

    private static SecurityProfile.Builder profile(ProfileType type, String reference) {
        return SecurityProfile.newBuilder().setProfileType(type).setLocalhostRef(reference);
    }

    private static SecuritySpec translate(LinuxContainerSecurityContext.Builder context) {
        return SecurityTranslator.toSpec(context.build(), PLAIN.spec(), UNCONFINED);
    }

    @Test
    void seccompUnsetIsAsConfigured() {
        assertThat(translate(context()).seccomp()).isEqualTo(ProfileSpec.unconfined());
        assertThat(
                        SecurityTranslator.toSpec(
                                        context().build(),
                                        PLAIN.spec(),
                                        Handler.plain("", ProfileSpec.runtimeDefault()))
                                .seccomp())
                .isEqualTo(ProfileSpec.runtimeDefault());
    }

    @Test
    void profilesArriveAsTheyAre() {
        SecuritySpec spec =
                translate(
                        context()
                                .setSeccomp(profile(ProfileType.Localhost, "/p/x.json"))
                                .setApparmor(profile(ProfileType.Localhost, "mine")));
        assertThat(spec.seccomp())
                .isEqualTo(new ProfileSpec(ProfileSpec.Kind.LOCALHOST, "/p/x.json"));
        assertThat(spec.apparmor()).isEqualTo(new ProfileSpec(ProfileSpec.Kind.LOCALHOST, "mine"));
    }

    @ParameterizedTest
    @CsvSource({
        "unconfined,UNCONFINED,''",
        "runtime/default,RUNTIME_DEFAULT,''",
        "docker/default,RUNTIME_DEFAULT,''",
        "localhost//p/x.json,LOCALHOST,/p/x.json"
    })
    @SuppressWarnings("deprecation") // the old field is what this is about
    void theOldSeccompFieldStillWorks(String path, ProfileSpec.Kind kind, String reference) {
        assertThat(translate(context().setSeccompProfilePath(path)).seccomp())
                .isEqualTo(new ProfileSpec(kind, reference));
    }

    @Test
    @SuppressWarnings("deprecation") // the old fields are what this is about
    void newFieldsWin() {
        SecuritySpec spec =
                translate(
                        context()
                                .setSeccompProfilePath("unconfined")
                                .setSeccomp(profile(ProfileType.RuntimeDefault, ""))
                                .setApparmorProfile("localhost/other")
                                .setApparmor(profile(ProfileType.Unconfined, "")));
        assertThat(spec.seccomp()).isEqualTo(ProfileSpec.runtimeDefault());
        assertThat(spec.apparmor()).isEqualTo(ProfileSpec.unconfined());
    }

    @Test
    void privilegedNeedsAPrivilegedSandboxAndDropsWhatConfines() {
        LinuxContainerSecurityContext context =
                context()
                        .setPrivileged(true)
                        .addMaskedPaths("/proc/kcore")
                        .addReadonlyPaths("/proc/sys")
                        .setSeccomp(profile(ProfileType.RuntimeDefault, ""))
                        .build();
        Handler handler = Handler.plain("", ProfileSpec.runtimeDefault());
        assertThatThrownBy(() -> SecurityTranslator.toSpec(context, PLAIN.spec(), handler))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageStartingWith("linux.security_context.privileged");
        SecuritySpec spec = SecurityTranslator.toSpec(context, PRIVILEGED.spec(), handler);
        assertThat(spec.maskedPaths()).isEmpty();
        assertThat(spec.readonlyPaths()).isEmpty();
        assertThat(spec.seccomp()).isEqualTo(ProfileSpec.unconfined());
        assertThat(spec.apparmor()).isEqualTo(ProfileSpec.unconfined());
    }

    @Test
    void capabilitiesAndPathsArrive() {
        SecuritySpec spec =
                translate(
                        context()
                                .setCapabilities(
                                        Capability.newBuilder()
                                                .addAddCapabilities("NET_ADMIN")
                                                .addDropCapabilities("ALL")
                                                .addAddAmbientCapabilities("CAP_CHOWN"))
                                .setNoNewPrivs(true)
                                .setReadonlyRootfs(true)
                                .addMaskedPaths("/proc/kcore")
                                .addReadonlyPaths("/proc/sys"));
        assertThat(spec.addCapabilities()).containsExactly("NET_ADMIN");
        assertThat(spec.dropCapabilities()).containsExactly("ALL");
        assertThat(spec.ambientCapabilities()).containsExactly("CAP_CHOWN");
        assertThat(spec.noNewPrivileges()).isTrue();
        assertThat(spec.readonlyRootfs()).isTrue();
        assertThat(spec.maskedPaths()).containsExactly("/proc/kcore");
        assertThat(spec.readonlyPaths()).containsExactly("/proc/sys");
    }

    @SuppressWarnings("deprecation") // old fields are checked as well
    static Stream<Arguments> wrong() {
        String field = "linux.security_context.";
        return Stream.of(
                Arguments.of(
                        context().setSeccomp(profile(ProfileType.Localhost, "")),
                        field + "seccomp.localhost_ref is empty"),
                Arguments.of(
                        context().setSeccomp(profile(ProfileType.Localhost, "x.json")),
                        field + "seccomp.localhost_ref 'x.json'"),
                Arguments.of(
                        context().setSeccomp(SecurityProfile.newBuilder().setProfileTypeValue(8)),
                        field + "seccomp.profile_type '8'"),
                Arguments.of(
                        context().setSeccompProfilePath("whatever"),
                        field + "seccomp_profile_path 'whatever'"),
                Arguments.of(
                        context().setSeccompProfilePath("localhost/x.json"),
                        field + "seccomp_profile_path 'x.json'"),
                Arguments.of(
                        context().setApparmor(profile(ProfileType.Localhost, "a\nb")),
                        field + "apparmor.localhost_ref 'a\\x0ab'"),
                Arguments.of(
                        context().setApparmorProfile("mine"), field + "apparmor_profile 'mine'"),
                Arguments.of(
                        context()
                                .setCapabilities(
                                        Capability.newBuilder().addAddCapabilities("NET ADMIN")),
                        field + "capabilities.add_capabilities 'NET ADMIN'"),
                Arguments.of(context().addMaskedPaths("proc"), field + "masked_paths 'proc'"),
                Arguments.of(context().addReadonlyPaths("/a/.."), field + "readonly_paths '/a/..'"),
                Arguments.of(
                        context().setSelinuxOptions(SELinuxOption.newBuilder().setLevel("s0\n")),
                        field + "selinux_options.level 's0\\x0a'"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void anErrorNamesFieldAndValue(LinuxContainerSecurityContext.Builder context, String message) {
        assertThatThrownBy(() -> translate(context))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void userZeroIsAUser() {
        UserSpec user = SecurityTranslator.user(context().setRunAsUser(id(0)).build());
        assertThat(user.uid()).contains(0L);
        assertThat(SecurityTranslator.user(context().build())).isEqualTo(UserSpec.imageDefault());
    }

    @Test
    void groupsArrive() {
        UserSpec user =
                SecurityTranslator.user(
                        context()
                                .setRunAsUsername("www")
                                .setRunAsGroup(id(33))
                                .addSupplementalGroups(7)
                                .setSupplementalGroupsPolicy(SupplementalGroupsPolicy.Strict)
                                .build());
        assertThat(user.name()).contains("www");
        assertThat(user.gid()).contains(33L);
        assertThat(user.supplementaryGroups()).containsExactly(7L);
        assertThat(user.strictGroups()).isTrue();
    }

    static Stream<Arguments> wrongUsers() {
        String field = "linux.security_context.";
        return Stream.of(
                Arguments.of(
                        context().setRunAsGroup(id(5)),
                        field + "run_as_group '5' is given without a user"),
                Arguments.of(context().setRunAsUser(id(-1)), field + "run_as_user '-1'"),
                Arguments.of(
                        context().setRunAsUser(id(1L << 31)), field + "run_as_user '2147483648'"),
                Arguments.of(
                        context().setRunAsUser(id(1)).setRunAsGroup(id(1L << 32)),
                        field + "run_as_group '4294967296'"),
                Arguments.of(
                        context().setRunAsUser(id(1)).setRunAsUsername("a"),
                        field + "run_as_username 'a' is given together"),
                Arguments.of(context().setRunAsUsername("a:b"), field + "run_as_username 'a:b'"),
                Arguments.of(
                        context().setRunAsUsername("a\nb"), field + "run_as_username 'a\\x0ab'"),
                Arguments.of(
                        context().addSupplementalGroups(-7), field + "supplemental_groups '-7'"),
                Arguments.of(
                        context().setSupplementalGroupsPolicyValue(5),
                        field + "supplemental_groups_policy '5'"));
    }

    @ParameterizedTest
    @MethodSource("wrongUsers")
    void wrongUsersAreRefused(LinuxContainerSecurityContext.Builder context, String message) {
        assertThatThrownBy(() -> SecurityTranslator.user(context.build()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageStartingWith(message);
    }
}
