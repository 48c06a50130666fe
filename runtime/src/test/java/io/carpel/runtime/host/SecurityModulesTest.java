package io.carpel.runtime.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.host.Finding.Level;
import io.carpel.runtime.security.FakeSelinuxPolicy;
import org.junit.jupiter.api.Test;

final class SecurityModulesTest {
    private final FakeSelinuxPolicy policy = new FakeSelinuxPolicy();

    private Finding selinux() {
        return SecurityModules.finding(false, false, policy);
    }

    @Test
    void saysWhatContainersBecome() {
        assertThat(selinux())
                .isEqualTo(
                        new Finding(
                                Level.GOOD,
                                "security modules",
                                "SELinux is active: containers become container_t, their files"
                                        + " container_file_t",
                                ""));
        policy.enforcing = false;
        assertThat(selinux().text()).startsWith("SELinux is permissive: ");
        policy.levels = false;
        assertThat(selinux().level()).isEqualTo(Level.GOOD);
    }

    @Test
    void saysWhatThePolicyLacks() {
        policy.types.remove("container_file_t");
        assertThat(selinux().level()).isEqualTo(Level.DEGRADED);
        assertThat(selinux().text())
                .isEqualTo(
                        "SELinux is active, but its policy does not know"
                                + " system_u:object_r:container_file_t:s0: containers run without"
                                + " labels of their own");
        assertThat(selinux().fix()).contains("container-selinux");
    }

    @Test
    void appArmorNeedsItsParser() {
        assertThat(SecurityModules.finding(true, false, policy).fix())
                .isEqualTo("install the package apparmor");
        policy.enabled = false;
        assertThat(SecurityModules.finding(true, true, policy).text())
                .isEqualTo("AppArmor is active");
        assertThat(selinux().text()).startsWith("neither AppArmor nor SELinux is active");
    }
}
