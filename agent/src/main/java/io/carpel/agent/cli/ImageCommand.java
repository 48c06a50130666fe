package io.carpel.agent.cli;

import io.carpel.agent.control.ControlProtocol;
import io.carpel.agent.control.ControlProtocol.Step;
import io.carpel.cri.Image;
import io.carpel.cri.ImageSpec;
import io.carpel.cri.ListImagesRequest;
import io.carpel.cri.RemoveImageRequest;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `carpel image`: images without a cluster, and without a registry when they come as files.
@Command(name = "image", description = "Pull, import, export, list and remove images.")
final class ImageCommand implements Runnable {
    private static final Duration DEADLINE = Duration.ofMinutes(2);

    @Spec private CommandSpec spec = CommandSpec.create();

    static CommandLine create() {
        return new CommandLine(new ImageCommand())
                .addSubcommand(new Pull())
                .addSubcommand(new Import())
                .addSubcommand(new Export())
                .addSubcommand(new ListImages())
                .addSubcommand(new Remove());
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "pull, import, export, list or rm is missing");
    }

    /// What every verb of images needs.
    abstract static sealed class Verb implements Callable<Integer> {
        @Spec CommandSpec spec = CommandSpec.create();
        @Mixin Connection connection = new Connection();

        abstract void work(CriClient client, PrintWriter out);

        @Override
        public final Integer call() {
            try (CriClient client = connection.open()) {
                work(client, spec.commandLine().getOut());
                return 0;
            } catch (StatusRuntimeException e) {
                throw new CliException(CriClient.explain(e, connection.path().toString()), e);
            }
        }

        ImageFetcher fetcher(CriClient client, boolean quiet) {
            return new ImageFetcher(client, spec.commandLine().getErr(), quiet);
        }

        static void print(List<Step> results, PrintWriter out) {
            for (Step result : results) {
                out.println(result.subject() + "  " + String.join(" ", result.names()));
            }
        }
    }

    @Command(name = "pull", description = "Pull images from their registries; prints their ids.")
    static final class Pull extends Verb {
        @Parameters(paramLabel = "IMAGE", arity = "1..*", description = "Name of the image.")
        private List<String> images = List.of();

        @Option(
                names = {"-q", "--quiet"},
                description = "No progress.")
        private boolean quiet;

        @Override
        void work(CriClient client, PrintWriter out) {
            for (String image : images) {
                out.println(fetcher(client, quiet).pull(image).getId());
            }
        }
    }

    @Command(
            name = "import",
            description =
                    "Import every image of OCI layouts (directory or archive) and docker save"
                            + " archives, plain or compressed; prints ids and names.")
    static final class Import extends Verb {
        @Parameters(paramLabel = "FILE", arity = "1..*", description = "Archive or directory.")
        private List<Path> files = List.of();

        @Option(
                names = {"-q", "--quiet"},
                description = "No progress.")
        private boolean quiet;

        @Override
        void work(CriClient client, PrintWriter out) {
            for (Path file : files) {
                if (!Files.exists(file)) {
                    throw new CliException("cannot import " + file + ": no such file");
                }
                String path = file.toAbsolutePath().normalize().toString();
                print(
                        fetcher(client, quiet)
                                .call(
                                        "importing " + file,
                                        ControlProtocol.IMPORT,
                                        new ControlProtocol.Import(path)),
                        out);
            }
        }
    }

    @Command(name = "export", description = "Write images to one archive or OCI layout.")
    static final class Export extends Verb {
        /// The forms of an archive, as the command line spells them.
        enum Format {
            oci,
            docker
        }

        @Option(
                names = {"-o", "--output"},
                required = true,
                paramLabel = "<file>",
                description = "File to write; must not exist.")
        private Path output = Path.of("");

        @Option(
                names = "--format",
                paramLabel = "oci|docker",
                description = "OCI archive, or docker save archive. Default: oci.")
        private Format format = Format.oci;

        @Option(
                names = "--directory",
                description = "Write an OCI layout directory instead of an archive.")
        private boolean directory;

        @Parameters(paramLabel = "IMAGE", arity = "1..*", description = "Name or id of the image.")
        private List<String> images = List.of();

        @Override
        void work(CriClient client, PrintWriter out) {
            if (directory && format == Format.docker) {
                throw new CliException(
                        "--directory goes with --format oci only", CarpelCommand.USAGE);
            }
            String path = output.toAbsolutePath().normalize().toString();
            fetcher(client, false)
                    .call(
                            "exporting to " + output,
                            ControlProtocol.EXPORT,
                            new ControlProtocol.Export(
                                    images, path, directory ? "oci-dir" : format.name()));
            out.println(path);
        }
    }

    @Command(name = "list", aliases = "ls", description = "List the images that are present.")
    static final class ListImages extends Verb {
        @Override
        void work(CriClient client, PrintWriter out) {
            List<Image> images =
                    client.images(DEADLINE)
                            .listImages(ListImagesRequest.getDefaultInstance())
                            .getImagesList();
            Table table = new Table("IMAGE", "ID", "SIZE");
            images.stream()
                    .sorted(Comparator.comparing(ListImages::name))
                    .forEach(image -> rows(image, table));
            table.print(out);
        }

        private static String name(Image image) {
            return image.getRepoTagsCount() > 0
                    ? image.getRepoTags(0)
                    : image.getRepoDigestsCount() > 0 ? image.getRepoDigests(0) : "<none>";
        }

        private static void rows(Image image, Table table) {
            List<String> names =
                    image.getRepoTagsCount() > 0 ? image.getRepoTagsList() : List.of(name(image));
            for (String name : names) {
                String id = image.getId().replaceFirst("^sha256:", "");
                table.add(
                        name,
                        id.substring(0, Math.min(13, id.length())),
                        ProgressBar.formatBytes(image.getSize()));
            }
        }
    }

    @Command(name = "rm", description = "Remove images with all their names.")
    static final class Remove extends Verb {
        @Parameters(paramLabel = "IMAGE", arity = "1..*", description = "Name or id of the image.")
        private List<String> images = List.of();

        @Override
        void work(CriClient client, PrintWriter out) {
            for (String image : images) {
                if (fetcher(client, true).find(image).isEmpty()) {
                    throw new CliException("there is no image '" + image + "'");
                }
                client.images(DEADLINE)
                        .removeImage(
                                RemoveImageRequest.newBuilder()
                                        .setImage(ImageSpec.newBuilder().setImage(image))
                                        .build());
                out.println(image);
            }
        }
    }
}
