package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/moby/spdystream/spdy"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// transport is a protocol that a connection is upgraded to.
type transport int

const (
	overSpdy transport = iota
	overWebSocket
	// SPDY inside a WebSocket, for port-forward. Once upgraded, it is like SPDY.
	overTunnel
)

const tunnelProtocol = "SPDY/3.1+portforward.k8s.io"

// Numbers of WebSocket channels; the streams of SPDY are opened in an order that makes them follow
// from these.
const (
	stdin = iota
	stdout
	stderr
	failure
)

const patience = 60 * time.Second

// session is one upgraded connection.
type session struct {
	conn   *net.TCPConn
	in     *bufio.Reader
	over   transport
	framer *spdy.Framer
	next   spdy.StreamId
	ids    map[int]spdy.StreamId
}

func (c client) exec(ctx context.Context, tty bool, command ...string) (string, error) {
	answer, err := c.runtime.Exec(ctx, &cri.ExecRequest{
		ContainerId: c.container, Cmd: command,
		Stdin: true, Stdout: true, Stderr: !tty, Tty: tty,
	})
	return answer.GetUrl(), err
}

func (c client) portForward(ctx context.Context) (string, error) {
	answer, err := c.runtime.PortForward(ctx, &cri.PortForwardRequest{PodSandboxId: c.pod})
	return answer.GetUrl(), err
}

func dial(address string) (*net.TCPConn, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	conn, err := net.DialTimeout("tcp", target.Host, patience)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn.(*net.TCPConn), nil
}

func upgradeRequest(address string, over transport, protocol string) string {
	target, _ := url.Parse(address)
	request := "GET " + target.RequestURI() + " HTTP/1.1\r\nHost: " + target.Host + "\r\nConnection: Upgrade\r\n"
	if over == overSpdy {
		return request + "Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: " + protocol + "\r\n\r\n"
	}
	return request + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: " + protocol + "\r\n\r\n"
}

// refused is an answer other than the agreement to an upgrade.
type refused int

func (status refused) Error() string {
	return fmt.Sprintf("status %d", int(status))
}

// upgrade tries again while the server says that it is too busy.
func upgrade(address string, over transport, protocol string) (*session, error) {
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		made, err := upgradeOnce(address, over, protocol)
		if err != refused(http.StatusServiceUnavailable) || time.Now().After(deadline) {
			return made, err
		}
	}
}

func upgradeOnce(address string, over transport, protocol string) (*session, error) {
	conn, err := dial(address)
	if err != nil {
		return nil, err
	}
	made := &session{conn: conn, in: bufio.NewReader(conn), over: over, next: 1, ids: map[int]spdy.StreamId{}}
	if _, err = conn.Write([]byte(upgradeRequest(address, over, protocol))); err == nil {
		var answer *http.Response
		if answer, err = http.ReadResponse(made.in, nil); err == nil && answer.StatusCode != http.StatusSwitchingProtocols {
			err = refused(answer.StatusCode)
		}
	}
	if err == nil {
		if over == overTunnel {
			inside := &tunnel{conn: conn, in: made.in}
			made.over = overSpdy
			made.framer, err = spdy.NewFramer(inside, inside)
		} else {
			made.framer, err = spdy.NewFramer(conn, made.in)
		}
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return made, nil
}

// open opens a SPDY stream that stands for a channel; on a WebSocket all channels exist.
func (s *session) open(channel int, pairs ...string) error {
	if s.over == overWebSocket {
		return nil
	}
	id := s.next
	s.next += 2
	s.ids[channel] = id
	return s.framer.WriteFrame(&spdy.SynStreamFrame{StreamId: id, Headers: names(pairs...)})
}

func (s *session) openCommand(tty bool) error {
	types := []string{"stdin", "stdout", "stderr", "error"}
	for _, channel := range []int{failure, stdin, stdout, stderr} {
		if channel == stderr && tty {
			continue
		}
		if err := s.open(channel, "streamType", types[channel]); err != nil {
			return err
		}
	}
	if tty && s.over == overSpdy {
		return s.open(4, "streamType", "resize")
	}
	return nil
}

// send sends what fits in one frame of either protocol.
func (s *session) send(channel int, data []byte) error {
	if s.over == overSpdy {
		return s.framer.WriteFrame(&spdy.DataFrame{StreamId: s.ids[channel], Data: data})
	}
	_, err := s.conn.Write(append(append(binaryHead(len(data)+1), byte(channel)), data...))
	return err
}

// receive waits for something on the channel.
func (s *session) receive(channel int) ([]byte, error) {
	for {
		got, data, err := s.frame()
		if err != nil {
			return nil, err
		}
		if got == channel && len(data) > 0 {
			return data, nil
		}
	}
}

func (s *session) frame() (int, []byte, error) {
	if s.over == overWebSocket {
		return s.message()
	}
	frame, err := s.framer.ReadFrame()
	if err != nil {
		return 0, nil, err
	}
	if data, is := frame.(*spdy.DataFrame); is {
		for channel, id := range s.ids {
			if id == data.StreamId {
				return channel, data.Data, nil
			}
		}
	}
	return -1, nil, nil
}

func (s *session) message() (int, []byte, error) {
	content, err := readMessage(s.in)
	switch {
	case err != nil:
		return 0, nil, err
	case len(content) == 0:
		return -1, nil, nil
	default:
		return int(content[0]), content[1:], nil
	}
}

// flood sends until nothing is taken any more for a moment, or the server has had enough.
func (s *session) flood(channel int) error {
	chunk := make([]byte, 16*1024)
	for {
		_ = s.conn.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
		if err := s.send(channel, chunk); err != nil {
			if timeout, is := err.(net.Error); is && timeout.Timeout() {
				return nil
			}
			if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
				return nil
			}
			return err
		}
	}
}

// vanish closes as a crash or a lost network would.
func (s *session) vanish(reset bool) {
	if reset {
		_ = s.conn.SetLinger(0)
	}
	s.conn.Close()
}
