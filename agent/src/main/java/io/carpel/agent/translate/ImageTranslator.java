package io.carpel.agent.translate;

import io.carpel.cri.AuthConfig;
import io.carpel.cri.Image;
import io.carpel.cri.Int64Value;
import io.carpel.runtime.image.RegistryCredentials;
import java.util.regex.Pattern;

/// Images and credentials.
public final class ImageTranslator {
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,10}");

    private ImageTranslator() {}

    /// The same message whichever name led to the image.
    public static Image toCri(io.carpel.runtime.image.Image image) {
        Image.Builder answer =
                Image.newBuilder()
                        .setId(image.id())
                        .addAllRepoTags(image.repoTags())
                        .addAllRepoDigests(image.repoDigests())
                        // Clients take an image without a size for broken.
                        .setSize(Math.max(1, image.size()))
                        .setPinned(image.pinned());
        addUser(answer, image.config().user());
        return answer.build();
    }

    // The user before the colon, as a number or as a name. A number that is no id stays a name, so
    // that the kubelet refuses it where it wants to see that a user is not root.
    private static void addUser(Image.Builder answer, String user) {
        int colon = user.indexOf(':');
        String name = colon < 0 ? user : user.substring(0, colon);
        if (NUMBER.matcher(name).matches() && Long.parseLong(name) <= Integer.MAX_VALUE) {
            answer.setUid(Int64Value.newBuilder().setValue(Long.parseLong(name)));
        } else {
            answer.setUsername(name);
        }
    }

    public static RegistryCredentials credentials(AuthConfig auth) {
        return new RegistryCredentials(
                auth.getUsername(),
                auth.getPassword(),
                auth.getAuth(),
                auth.getIdentityToken(),
                auth.getRegistryToken(),
                auth.getServerAddress());
    }
}
