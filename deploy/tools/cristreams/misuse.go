package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// stall holds a command that prints without end and an attachment on each transport, and reads
// nothing, until its own standard input ends.
func (c client) stall(ctx context.Context) error {
	for _, over := range []transport{overSpdy, overWebSocket} {
		address, err := c.exec(ctx, false, "sh", "-c", "exec yes")
		if err != nil {
			return err
		}
		attach, err := c.runtime.Attach(ctx, &cri.AttachRequest{
			ContainerId: c.container, Stdin: true, Stdout: true, Stderr: true,
		})
		if err != nil {
			return err
		}
		for _, target := range []string{address, attach.GetUrl()} {
			s, err := upgrade(target, over, protocol(over))
			if err != nil {
				return err
			}
			defer s.vanish(false)
			if err := s.openCommand(false); err != nil {
				return err
			}
		}
	}
	fmt.Println("stalled")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// tokens asks for requests until no more are kept, then uses them up, each once.
func (c client) tokens(ctx context.Context) error {
	var urls []string
	for {
		address, err := c.exec(ctx, false, "true")
		if err != nil {
			if status.Code(err) != codes.ResourceExhausted {
				return fmt.Errorf("request %d: wanted RESOURCE_EXHAUSTED: %w", len(urls)+1, err)
			}
			break
		}
		if urls = append(urls, address); len(urls) > 100_000 {
			return errors.New("there is no limit")
		}
	}
	fmt.Printf("%d requests were kept\n", len(urls))
	seen := map[string]bool{}
	for i, address := range urls {
		if seen[address] {
			return errors.New("a token was given twice")
		}
		seen[address] = true
		over := transport(i % 2)
		s, err := upgrade(address, over, protocol(over))
		if err != nil {
			return fmt.Errorf("token %d: %w", i, err)
		}
		s.vanish(false)
		if _, err := upgrade(address, over, protocol(over)); err != refused(404) {
			return fmt.Errorf("token %d is good for a second time: %v", i, err)
		}
	}
	address, err := c.exec(ctx, false, "true")
	if err != nil {
		return fmt.Errorf("used tokens make no room: %w", err)
	}
	wrong := address[:len(address)-4] + "AAAA"
	if _, err := upgrade(wrong, overSpdy, protocol(overSpdy)); err != refused(404) {
		return fmt.Errorf("unknown token: wanted 404, not %v", err)
	}
	s, err := upgrade(address, overSpdy, protocol(overSpdy))
	if err != nil {
		return err
	}
	s.vanish(false)
	return nil
}

const (
	watchers = 50 // clients of events, every second of which never reads
	// Enough to fill what is kept for a client that does not read, and what gRPC takes on top.
	eventsInAll    = 4600
	eventsPerCycle = 4
	cycles         = eventsInAll / eventsPerCycle
)

// events lets pods come and go while many watch.
func (c client) events(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var started, readers sync.WaitGroup
	results := make([]error, watchers)
	var idle []cri.RuntimeService_GetContainerEventsClient
	for i := range watchers {
		connection, err := connect(c.socket)
		if err != nil {
			return err
		}
		defer connection.Close()
		stream, err := cri.NewRuntimeServiceClient(connection).GetContainerEvents(ctx, &cri.GetEventsRequest{})
		if err != nil {
			return err
		}
		if i%2 == 1 {
			idle = append(idle, stream)
			continue
		}
		started.Add(1)
		readers.Go(func() { results[i] = readAll(stream, started.Done) })
	}
	if err := c.untilSeen(ctx, &started); err != nil {
		return err
	}
	if err := c.cycles(ctx, cycles); err != nil {
		return err
	}
	readers.Wait()
	for i, stream := range idle {
		if err := wantDropped(stream); err != nil {
			return fmt.Errorf("client %d that never read: %w", i, err)
		}
	}
	return errors.Join(results...)
}

// untilSeen makes events until every reader has had one: a stream counts from some moment after it
// was opened.
func (c client) untilSeen(ctx context.Context, started *sync.WaitGroup) error {
	all := make(chan struct{})
	go func() {
		started.Wait()
		close(all)
	}()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if err := c.cycle(ctx, "first"); err != nil {
			return err
		}
		select {
		case <-all:
			return nil
		default:
		}
	}
	return errors.New("some clients are told nothing")
}

// readAll reads until every pod has gone, and each once.
func readAll(stream cri.RuntimeService_GetContainerEventsClient, begun func()) error {
	begin := sync.OnceFunc(begun)
	defer begin()
	gone := map[string]bool{}
	for len(gone) < cycles {
		event, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("after the end of %d pods: %w", len(gone), err)
		}
		begin()
		name := event.GetPodSandboxStatus().GetMetadata().GetName()
		if event.GetContainerEventType() == cri.ContainerEventType_CONTAINER_DELETED_EVENT && name != "first" {
			if gone[name] {
				return fmt.Errorf("%s was removed twice", name)
			}
			gone[name] = true
		}
	}
	return nil
}

func wantDropped(stream cri.RuntimeService_GetContainerEventsClient) error {
	for seen := 0; ; seen++ {
		if _, err := stream.Recv(); err != nil {
			if status.Code(err) != codes.ResourceExhausted {
				return fmt.Errorf("wanted RESOURCE_EXHAUSTED, not %w", err)
			}
			return nil
		}
		if seen >= eventsInAll {
			return errors.New("it was sent everything: nothing bounds what waits for it")
		}
	}
}

func (c client) cycles(ctx context.Context, count int) error {
	turns := make(chan int)
	failures := make([]error, c.parallel)
	var workers sync.WaitGroup
	for worker := range c.parallel {
		workers.Go(func() {
			for turn := range turns {
				if failures[worker] == nil {
					failures[worker] = c.cycle(ctx, fmt.Sprintf("cycle-%d", turn))
				}
			}
		})
	}
	for turn := range count {
		turns <- turn
	}
	close(turns)
	workers.Wait()
	return errors.Join(failures...)
}

// cycle is a pod's whole life.
func (c client) cycle(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	network := &cri.NamespaceOption{Network: cri.NamespaceMode_NODE}
	made, err := c.runtime.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: &cri.PodSandboxConfig{
		Metadata: &cri.PodSandboxMetadata{Name: name, Uid: name, Namespace: "events"},
		Linux: &cri.LinuxPodSandboxConfig{
			SecurityContext: &cri.LinuxSandboxSecurityContext{NamespaceOptions: network},
		},
	}})
	if err != nil {
		return err
	}
	if _, err := c.runtime.StopPodSandbox(ctx,
		&cri.StopPodSandboxRequest{PodSandboxId: made.GetPodSandboxId()}); err != nil {
		return err
	}
	_, err = c.runtime.RemovePodSandbox(ctx,
		&cri.RemovePodSandboxRequest{PodSandboxId: made.GetPodSandboxId()})
	return err
}
