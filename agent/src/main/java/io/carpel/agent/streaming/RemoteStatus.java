package io.carpel.agent.streaming;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The object on the error stream that says how a command ended (`metav1.Status`, as far as clients
/// read it).
final class RemoteStatus {
    private static final JsonMapper JSON = new JsonMapper();

    private RemoteStatus() {}

    /// The command ended with this code.
    static String ofExitCode(int code) {
        if (code == 0) {
            return status("Success").toString();
        }
        ObjectNode status = status("Failure");
        status.put(
                "message",
                "command terminated with non-zero exit code: exit status %d".formatted(code));
        status.put("reason", "NonZeroExitCode");
        ObjectNode cause = status.putObject("details").putArray("causes").addObject();
        cause.put("reason", "ExitCode");
        cause.put("message", Integer.toString(code));
        return status.toString();
    }

    /// The command could not be run, or its end is unknown.
    static String ofFailure(String message) {
        ObjectNode status = status("Failure");
        status.put("message", message);
        status.put("reason", "InternalError");
        status.putObject("details").putArray("causes").addObject().put("message", message);
        status.put("code", 500);
        return status.toString();
    }

    private static ObjectNode status(String outcome) {
        ObjectNode status = JSON.createObjectNode();
        status.putObject("metadata");
        status.put("status", outcome);
        return status;
    }
}
