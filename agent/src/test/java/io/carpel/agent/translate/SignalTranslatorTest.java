package io.carpel.agent.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.carpel.cri.Signal;
import io.carpel.runtime.error.InvalidArgumentException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class SignalTranslatorTest {
    @ParameterizedTest
    @CsvSource({
        "SIGNAL_SIGHUP,1",
        "SIGNAL_SIGABRT,6",
        "SIGNAL_SIGIOT,6",
        "SIGNAL_SIGKILL,9",
        "SIGNAL_SIGTERM,15",
        "SIGNAL_SIGCLD,17",
        "SIGNAL_SIGPOLL,29",
        "SIGNAL_SIGSYS,31",
        "SIGNAL_SIGRTMIN,34",
        "SIGNAL_SIGRTMINPLUS3,37",
        "SIGNAL_SIGRTMINPLUS15,49",
        "SIGNAL_SIGRTMAXMINUS14,50",
        "SIGNAL_SIGRTMAXMINUS1,63",
        "SIGNAL_SIGRTMAX,64"
    })
    void numbersAreTheKernels(Signal signal, int number) {
        assertThat(SignalTranslator.toNumber(signal, signal.getNumber())).contains(number);
    }

    @ParameterizedTest
    @EnumSource(
            value = Signal.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {
                "SIGNAL_RUNTIME_DEFAULT",
                "UNRECOGNIZED",
                "SIGNAL_SIGCLD",
                "SIGNAL_SIGIOT",
                "SIGNAL_SIGPOLL"
            })
    void everyNameComesBack(Signal signal) {
        int number = SignalTranslator.toNumber(signal, signal.getNumber()).orElseThrow();
        assertThat(SignalTranslator.toSignal(number)).isEqualTo(signal);
    }

    @Test
    void theDefaultIsLeftToImageAndRuntime() {
        assertThat(SignalTranslator.toNumber(Signal.SIGNAL_RUNTIME_DEFAULT, 0)).isEmpty();
        assertThat(SignalTranslator.toSignal(32)).isEqualTo(Signal.SIGNAL_RUNTIME_DEFAULT);
    }

    @Test
    void anUnknownNumberIsNamed() {
        assertThatThrownBy(() -> SignalTranslator.toNumber(Signal.UNRECOGNIZED, 99))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessage("stop_signal 99 is unknown");
    }
}
