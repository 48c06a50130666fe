package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
)

// Points at which a session is left. Each gets a turn with each transport.
var commandStages = []func(c client, ctx context.Context, over transport, turn int) error{
	client.leaveUnasked,
	client.leaveInRequest,
	client.leaveUpgraded,
	client.leaveRunning,
	client.leaveOutputUnread,
	client.leaveInputUnread,
	client.leaveWithoutStreams,
}

var forwardStages = []func(c client, ctx context.Context, over transport, turn int) error{
	client.forwardUpgraded,
	client.forwardHalfPair,
	client.forwardConnected,
	client.forwardOutputUnread,
	client.forwardInputUnread,
	client.forwardRefused,
}

// drop leaves sessions at every stage in turn. A few may be ended by the server instead, which cuts
// clients off when streams use more memory than they may.
func (c client) drop(ctx context.Context) error {
	stages, transports := commandStages, 2
	if c.verb == "portforward" {
		stages, transports = forwardStages, 3
	}
	var next, cut atomic.Int64
	failures := make([]error, c.parallel)
	var workers sync.WaitGroup
	for worker := range c.parallel {
		workers.Go(func() {
			for {
				turn := int(next.Add(1)) - 1
				if turn >= c.sessions || failures[worker] != nil {
					return
				}
				over := transport(turn / len(stages) % transports)
				err := stages[turn%len(stages)](c, ctx, over, turn)
				if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
					errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
					cut.Add(1)
				} else if err != nil {
					failures[worker] = fmt.Errorf("session %d (stage %d): %w", turn, turn%len(stages), err)
				}
			}
		})
	}
	workers.Wait()
	fmt.Printf("%d sessions, %d of them cut off by the server\n", c.sessions, cut.Load())
	if 10*int(cut.Load()) > c.sessions {
		failures = append(failures, errors.New("too many were cut off"))
	}
	return errors.Join(failures...)
}

func protocol(over transport) string {
	return []string{"v4.channel.k8s.io", "v5.channel.k8s.io"}[over]
}

func (c client) leaveUnasked(ctx context.Context, _ transport, turn int) error {
	address, err := c.exec(ctx, false, "true")
	if err != nil {
		return err
	}
	conn, err := dial(address)
	if err == nil {
		conn.Close()
	}
	return err
}

func (c client) leaveInRequest(ctx context.Context, over transport, _ int) error {
	address, err := c.exec(ctx, false, "true")
	if err != nil {
		return err
	}
	conn, err := dial(address)
	if err != nil {
		return err
	}
	defer conn.Close()
	request := upgradeRequest(address, over, protocol(over))
	_, err = conn.Write([]byte(request[:len(request)/2]))
	return err
}

func (c client) leaveUpgraded(ctx context.Context, over transport, turn int) error {
	return c.withCommand(ctx, over, turn, func(s *session, _ bool) error { return nil },
		"sh", "-c", "exec sleep 98765")
}

func (c client) leaveWithoutStreams(ctx context.Context, over transport, turn int) error {
	return c.withCommand(ctx, over, turn, func(s *session, _ bool) error {
		return s.open(failure, "streamType", "error")
	}, "sh", "-c", "exec sleep 98765")
}

func (c client) leaveRunning(ctx context.Context, over transport, turn int) error {
	return c.withCommand(ctx, over, turn, func(s *session, tty bool) error {
		if err := s.openCommand(tty); err != nil {
			return err
		}
		_, err := s.receive(stdout)
		return err
	}, "sh", "-c", "echo up; sleep 98765 & exec sleep 98765")
}

func (c client) leaveOutputUnread(ctx context.Context, over transport, turn int) error {
	return c.withCommand(ctx, over, turn, func(s *session, tty bool) error {
		if err := s.openCommand(tty); err != nil {
			return err
		}
		_, err := s.receive(stdout)
		return err
	}, "sh", "-c", "exec yes 98765")
}

func (c client) leaveInputUnread(ctx context.Context, over transport, turn int) error {
	// A terminal would echo what it is sent.
	address, err := c.exec(ctx, false, "sh", "-c", "echo up; exec sleep 98765")
	if err != nil {
		return err
	}
	s, err := upgrade(address, over, protocol(over))
	if err != nil {
		return err
	}
	defer s.vanish(turn%4 == 0)
	if err := s.openCommand(false); err != nil {
		return err
	}
	if _, err := s.receive(stdout); err != nil {
		return err
	}
	return s.flood(stdin)
}

func (c client) withCommand(ctx context.Context, over transport, turn int,
	do func(s *session, tty bool) error, command ...string,
) error {
	tty := turn%3 == 0
	address, err := c.exec(ctx, tty, command...)
	if err != nil {
		return err
	}
	s, err := upgrade(address, over, protocol(over))
	if err != nil {
		return err
	}
	defer s.vanish(turn%2 == 0)
	return do(s, tty)
}

// forward opens a session with one connection to a port; channel 0 carries data, 1 errors.
func (c client) forward(ctx context.Context, over transport, port int) (*session, error) {
	address, err := c.portForward(ctx)
	if err != nil {
		return nil, err
	}
	if over == overWebSocket {
		return upgrade(address+"?port="+number(port), over, "v4.channel.k8s.io")
	}
	asked := "portforward.k8s.io"
	if over == overTunnel {
		asked = tunnelProtocol
	}
	s, err := upgrade(address, over, asked)
	if err != nil {
		return nil, err
	}
	for channel, kind := range []string{"error", "data"} {
		if err := s.open(1-channel, "streamType", kind, "port", number(port), "requestID", "0"); err != nil {
			s.vanish(false)
			return nil, err
		}
	}
	return s, nil
}

func (c client) forwardUpgraded(ctx context.Context, over transport, turn int) error {
	return c.withForward(ctx, over, turn, c.port, func(*session) error { return nil })
}

func (c client) forwardHalfPair(ctx context.Context, _ transport, turn int) error {
	address, err := c.portForward(ctx)
	if err != nil {
		return err
	}
	s, err := upgrade(address, overSpdy, "portforward.k8s.io")
	if err != nil {
		return err
	}
	defer s.vanish(turn%2 == 0)
	return s.open(1, "streamType", "error", "port", number(c.port), "requestID", "0")
}

func (c client) forwardConnected(ctx context.Context, over transport, turn int) error {
	return c.withForward(ctx, over, turn, c.port, func(s *session) error {
		return s.ask(modeEcho)
	})
}

func (c client) forwardOutputUnread(ctx context.Context, over transport, turn int) error {
	return c.withForward(ctx, over, turn, c.port, func(s *session) error {
		return s.ask(modeFlood)
	})
}

func (c client) forwardInputUnread(ctx context.Context, over transport, turn int) error {
	return c.withForward(ctx, over, turn, c.port, func(s *session) error {
		if err := s.ask(modeStall); err != nil {
			return err
		}
		return s.flood(0)
	})
}

func (c client) forwardRefused(ctx context.Context, over transport, turn int) error {
	return c.withForward(ctx, over, turn, 1, func(s *session) error {
		for {
			data, err := s.receive(1)
			if err != nil {
				return fmt.Errorf("no reason was given: %w", err)
			}
			// A WebSocket's channel begins with its port.
			if len(data) > 2 {
				return nil
			}
		}
	})
}

// ask tells the server what to do and waits for its first byte.
func (s *session) ask(mode byte) error {
	if err := s.send(0, []byte{mode, mode}); err != nil {
		return err
	}
	for {
		data, err := s.receive(0)
		if err != nil {
			return err
		}
		if data[len(data)-1] == mode {
			return nil
		}
	}
}

func (c client) withForward(ctx context.Context, over transport, turn, port int,
	do func(s *session) error,
) error {
	s, err := c.forward(ctx, over, port)
	if err != nil {
		return err
	}
	defer s.vanish(turn%2 == 0)
	return do(s)
}
