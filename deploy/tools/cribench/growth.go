package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// growth measures the same calls with one pod and with many. The pods stay, for what is measured
// after them.
func (b *bench) growth(ctx context.Context, pods, parallel, agent int, shim string) error {
	first, err := b.start(ctx, 0, forever...)
	if err != nil {
		return err
	}
	if err := b.calls(ctx, first, 1); err != nil {
		return err
	}
	begun := time.Now()
	err = inParallel(pods-1, parallel, func() error {
		_, err := b.start(ctx, 0, forever...)
		return err
	})
	if err != nil {
		return err
	}
	line(fmt.Sprintf("%d pods up, %d at a time, pod network", pods-1, parallel), seconds(time.Since(begun)))
	if err := b.calls(ctx, first, pods); err != nil {
		return err
	}
	if agent == 0 {
		return nil
	}
	return memory(agent, shim, pods)
}

// calls measures what the kubelet asks for all the time, with so many pods running.
func (b *bench) calls(ctx context.Context, one pod, pods int) error {
	calls := []struct {
		name string
		call func() error
	}{
		{"Status", func() error {
			_, err := b.runtime.Status(ctx, &cri.StatusRequest{})
			return err
		}},
		{"PodSandboxStatus", func() error {
			_, err := b.runtime.PodSandboxStatus(ctx, &cri.PodSandboxStatusRequest{PodSandboxId: one.sandbox})
			return err
		}},
		{"ContainerStatus", func() error {
			_, err := b.runtime.ContainerStatus(ctx, &cri.ContainerStatusRequest{ContainerId: one.container})
			return err
		}},
		{"ContainerStats", func() error {
			_, err := b.runtime.ContainerStats(ctx, &cri.ContainerStatsRequest{ContainerId: one.container})
			return err
		}},
		{"ExecSync /bin/true", func() error {
			_, err := b.runtime.ExecSync(ctx, &cri.ExecSyncRequest{
				ContainerId: one.container, Cmd: []string{"/bin/true"}, Timeout: 10})
			return err
		}},
		{"a pod's whole life", func() error {
			made, err := b.start(ctx, 0, forever...)
			if err != nil {
				return err
			}
			return b.end(ctx, made)
		}},
		{"ListPodSandbox of one label", func() error {
			_, err := b.runtime.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{
				Filter: &cri.PodSandboxFilter{LabelSelector: map[string]string{"no": "such"}}})
			return err
		}},
		{"ListPodSandbox", func() error {
			_, err := b.runtime.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
			return err
		}},
		{"ListContainers", func() error {
			_, err := b.runtime.ListContainers(ctx, &cri.ListContainersRequest{})
			return err
		}},
		{"ListContainerStats", func() error {
			_, err := b.runtime.ListContainerStats(ctx, &cri.ListContainerStatsRequest{}, large)
			return err
		}},
		{"ListPodSandboxStats", func() error {
			_, err := b.runtime.ListPodSandboxStats(ctx, &cri.ListPodSandboxStatsRequest{}, large)
			return err
		}},
		{"ListPodSandboxMetrics", func() error {
			_, err := b.runtime.ListPodSandboxMetrics(ctx, &cri.ListPodSandboxMetricsRequest{}, large)
			return err
		}},
	}
	for _, each := range calls {
		var took []time.Duration
		for round := range b.rounds + warmUp {
			begun := time.Now()
			if err := each.call(); err != nil {
				return fmt.Errorf("%s: %w", each.name, err)
			}
			if round >= warmUp {
				took = append(took, time.Since(begun))
			}
		}
		percentiles(fmt.Sprintf("%s, %d pods", each.name, pods), took)
	}
	return nil
}

// large is what the kubelet takes.
var large = grpc.MaxCallRecvMsgSize(16 << 20)

// firstAnswer waits until the runtime lists its containers, from a moment of the caller's clock on.
func (b *bench) firstAnswer(ctx context.Context, since int64) error {
	for {
		answer, err := b.runtime.ListContainers(ctx, &cri.ListContainersRequest{}, grpc.WaitForReady(true))
		if err == nil {
			line(fmt.Sprintf("agent, start to first answer, %d containers", len(answer.Containers)),
				milliseconds(time.Since(time.Unix(0, since))))
			return nil
		}
		if time.Since(time.Unix(0, since)) > time.Minute {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}
