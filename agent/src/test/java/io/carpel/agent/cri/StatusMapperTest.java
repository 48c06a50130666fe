package io.carpel.agent.cri;

import static org.assertj.core.api.Assertions.assertThat;

import io.carpel.runtime.error.AlreadyExistsException;
import io.carpel.runtime.error.CancelledException;
import io.carpel.runtime.error.ContainerRuntimeException;
import io.carpel.runtime.error.DeadlineExceededException;
import io.carpel.runtime.error.FailedPreconditionException;
import io.carpel.runtime.error.InvalidArgumentException;
import io.carpel.runtime.error.KernelFaultException;
import io.carpel.runtime.error.NotFoundException;
import io.carpel.runtime.error.ResourceExhaustedException;
import io.carpel.runtime.error.UnavailableException;
import io.carpel.runtime.error.UnsupportedException;
import io.grpc.Context;
import io.grpc.Status;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

final class StatusMapperTest {
    private static Status map(Throwable failure) {
        return StatusMapper.toStatus(failure, Context.ROOT);
    }

    @Test
    void everyKindOfFailureHasItsCode() {
        Map<ContainerRuntimeException, Status.Code> codes =
                Map.of(
                        new AlreadyExistsException("m"), Status.Code.ALREADY_EXISTS,
                        new CancelledException("m"), Status.Code.CANCELLED,
                        new DeadlineExceededException("m"), Status.Code.DEADLINE_EXCEEDED,
                        new FailedPreconditionException("m"), Status.Code.FAILED_PRECONDITION,
                        new InvalidArgumentException("m"), Status.Code.INVALID_ARGUMENT,
                        new KernelFaultException("m"), Status.Code.INTERNAL,
                        new NotFoundException("m"), Status.Code.NOT_FOUND,
                        new ResourceExhaustedException("m"), Status.Code.RESOURCE_EXHAUSTED,
                        new UnavailableException("m"), Status.Code.UNAVAILABLE,
                        new UnsupportedException("m"), Status.Code.UNIMPLEMENTED);
        assertThat(codes).hasSize(ContainerRuntimeException.class.getPermittedSubclasses().length);
        codes.forEach((failure, code) -> {
            assertThat(map(failure).getCode()).isEqualTo(code);
            assertThat(map(failure).getDescription()).isEqualTo("m");
        });
    }

    @Test
    void whatNobodyExpectedIsInternal() {
        assertThat(map(new IllegalStateException("oops")).getCode())
                .isEqualTo(Status.Code.INTERNAL);
        assertThat(map(new StackOverflowError()).getDescription()).isEqualTo("StackOverflowError");
        assertThat(map(Status.NOT_FOUND.asRuntimeException()).getCode())
                .isEqualTo(Status.Code.NOT_FOUND);
    }

    @Test
    void theCausesAreToldOnceEach() {
        IOException disk = new IOException("mount /a: EPERM");
        KernelFaultException fault =
                new KernelFaultException("container c1: cannot make its root", disk);
        assertThat(map(fault).getDescription())
                .isEqualTo("container c1: cannot make its root: mount /a: EPERM");
        assertThat(map(new KernelFaultException("failed: mount /a: EPERM", disk)).getDescription())
                .isEqualTo("failed: mount /a: EPERM");
    }

    @Test
    void aCauseThatBitesItsTailEnds() {
        IOException one = new IOException("one");
        IOException two = new IOException("two", one);
        one.initCause(two);
        assertThat(map(new KernelFaultException("zero", two)).getDescription())
                .isEqualTo("zero: two: one");
    }

    @Test
    void messagesAreBounded() {
        assertThat(map(new NotFoundException("x".repeat(100_000))).getDescription())
                .hasSizeLessThan(5_000);
    }

    @Test
    void theKubeletFindsItsWord() {
        assertThat(map(new NotFoundException("image volume at /d: no such path")).getDescription())
                .startsWith("ImageVolumeMountFailed: image volume at /d");
        assertThat(map(new UnsupportedException("RROUnsupported: x")).getDescription())
                .startsWith("RROUnsupported");
    }

    @Test
    void theCallersOwnEndCountsMore() {
        Context.CancellableContext expired = Context.ROOT.withCancellation();
        expired.cancel(new TimeoutException());
        assertThat(StatusMapper.toStatus(new UnavailableException("m"), expired).getCode())
                .isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        Context.CancellableContext gone = Context.ROOT.withCancellation();
        gone.cancel(null);
        assertThat(StatusMapper.toStatus(new UnavailableException("m"), gone).getCode())
                .isEqualTo(Status.Code.CANCELLED);
    }
}
