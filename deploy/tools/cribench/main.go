// Command cribench measures what a container runtime's callers wait for.
//
// It speaks the container runtime interface to one socket, so any runtime can be measured with it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func main() {
	socket := flag.String("socket", "", "unix socket of the runtime")
	image := flag.String("image", "", "image with a shell, sleep and cat")
	logs := flag.String("logs", "", "directory for the containers' logs")
	rounds := flag.Int("rounds", 50, "how often each thing is measured")
	parallel := flag.Int("parallel", 10, "callers at a time where throughput is measured")
	pods := flag.Int("pods", 50, "pods that run while memory and lists are measured")
	megabytes := flag.Int("log-megabytes", 1024, "how much one container prints")
	agent := flag.Int("agent", 0, "process id of the agent, to measure its memory")
	shim := flag.String("shim", "", "command name of the processes that stand beside containers")
	only := flag.String("only", "", "what is measured: host, seccomp, pod-network, load, logs, growth or first-answer; "+
		"empty: all but the last two")
	since := flag.Int64("since", 0, "when the agent was started, in nanoseconds of Unix time, for first-answer")
	flag.Parse()

	connection, err := grpc.NewClient("unix://"+*socket,
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fail(err)
	}
	defer connection.Close()
	bench := &bench{
		runtime: cri.NewRuntimeServiceClient(connection),
		image:   *image,
		logs:    *logs,
		rounds:  *rounds,
	}
	ctx := context.Background()
	if *only != "first-answer" {
		if err := needImage(ctx, cri.NewImageServiceClient(connection), *image); err != nil {
			fail(err)
		}
	}
	measures := []struct {
		name string
		run  func() error
	}{
		{"host", func() error { return bench.latencies(ctx, "host network", hostNetwork) }},
		{"seccomp", func() error {
			return bench.latencies(ctx, "host network, RuntimeDefault seccomp", hostNetwork|seccomp)
		}},
		{"pod-network", func() error { return bench.latencies(ctx, "pod network", 0) }},
		{"load", func() error {
			if err := bench.cycles(ctx, "host network", hostNetwork, *parallel); err != nil {
				return err
			}
			if err := bench.cycles(ctx, "pod network", 0, *parallel); err != nil {
				return err
			}
			return bench.many(ctx, *pods, *parallel, *agent, *shim)
		}},
		{"logs", func() error { return bench.logThroughput(ctx, *megabytes) }},
	}
	switch *only {
	case "growth":
		err = bench.growth(ctx, *pods, *parallel, *agent, *shim)
	case "first-answer":
		err = bench.firstAnswer(ctx, *since)
	}
	if err != nil {
		fail(fmt.Errorf("%s: %w", *only, err))
	}
	for _, measure := range measures {
		if *only == "" || *only == measure.name {
			if err := measure.run(); err != nil {
				fail(fmt.Errorf("%s: %w", measure.name, err))
			}
		}
	}
}

func needImage(ctx context.Context, images cri.ImageServiceClient, name string) error {
	wanted := &cri.ImageSpec{Image: name}
	present, err := images.ImageStatus(ctx, &cri.ImageStatusRequest{Image: wanted})
	if err != nil || present.Image != nil {
		return err
	}
	_, err = images.PullImage(ctx, &cri.PullImageRequest{Image: wanted})
	return err
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "cribench:", err)
	os.Exit(1)
}
