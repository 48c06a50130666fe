package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const warmUp = 5

// forever is a process that a signal ends at once.
var forever = []string{"sleep", "100000"}

// latencies measures one pod after the other.
func (b *bench) latencies(ctx context.Context, what string, kind kind) error {
	var ready, exec, teardown []time.Duration
	for round := range b.rounds + warmUp {
		begun := time.Now()
		made, err := b.start(ctx, kind, forever...)
		if err != nil {
			return err
		}
		up := time.Since(begun)
		begun = time.Now()
		answer, err := b.runtime.ExecSync(ctx, &cri.ExecSyncRequest{
			ContainerId: made.container, Cmd: []string{"/bin/true"}, Timeout: 10,
		})
		if err != nil {
			return err
		}
		if answer.ExitCode != 0 {
			return fmt.Errorf("/bin/true ended with %d", answer.ExitCode)
		}
		executed := time.Since(begun)
		begun = time.Now()
		if err := b.end(ctx, made); err != nil {
			return err
		}
		if round >= warmUp {
			ready = append(ready, up)
			exec = append(exec, executed)
			teardown = append(teardown, time.Since(begun))
		}
	}
	percentiles("pod ready, "+what, ready)
	percentiles("ExecSync /bin/true, "+what, exec)
	percentiles("stop and remove, "+what, teardown)
	return nil
}

// cycles counts whole lives of pods per second, several at a time.
func (b *bench) cycles(ctx context.Context, what string, kind kind, parallel int) error {
	rounds := b.rounds * 4
	begun := time.Now()
	err := inParallel(rounds, parallel, func() error {
		made, err := b.start(ctx, kind, forever...)
		if err != nil {
			return err
		}
		return b.end(ctx, made)
	})
	if err != nil {
		return err
	}
	rate := float64(rounds) / time.Since(begun).Seconds()
	line(fmt.Sprintf("whole cycles, %d at a time, %s", parallel, what), fmt.Sprintf("%.1f/s", rate))
	return nil
}

// many brings pods up, and looks at lists and memory while they run.
func (b *bench) many(ctx context.Context, pods, parallel, agent int, shim string) error {
	var lock sync.Mutex
	var running []pod
	begun := time.Now()
	err := inParallel(pods, parallel, func() error {
		made, err := b.start(ctx, 0, forever...)
		lock.Lock()
		defer lock.Unlock()
		running = append(running, made)
		return err
	})
	if err != nil {
		return err
	}
	line(fmt.Sprintf("%d pods up, %d at a time, pod network", pods, parallel), seconds(time.Since(begun)))
	if err := b.lists(ctx, pods); err != nil {
		return err
	}
	if agent != 0 {
		if err := memory(agent, shim, pods); err != nil {
			return err
		}
	}
	for _, made := range running {
		if err := b.end(ctx, made); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) lists(ctx context.Context, pods int) error {
	var stats, statuses []time.Duration
	for range b.rounds {
		begun := time.Now()
		if _, err := b.runtime.ListContainerStats(ctx, &cri.ListContainerStatsRequest{}); err != nil {
			return err
		}
		stats = append(stats, time.Since(begun))
		begun = time.Now()
		if _, err := b.runtime.ListContainers(ctx, &cri.ListContainersRequest{}); err != nil {
			return err
		}
		statuses = append(statuses, time.Since(begun))
	}
	percentiles(fmt.Sprintf("ListContainerStats, %d pods", pods), stats)
	percentiles(fmt.Sprintf("ListContainers, %d pods", pods), statuses)
	return nil
}

// chunk is what a container prints over and over, so that its program costs next to nothing.
const chunk = 64 << 20

// logThroughput lets one container print as fast as it can.
func (b *bench) logThroughput(ctx context.Context, megabytes int) error {
	lines := filepath.Join(b.logs, "lines")
	text := strings.Repeat(strings.Repeat("x", 99)+"\n", chunk/100)
	if err := os.WriteFile(lines, []byte(text), 0o644); err != nil {
		return err
	}
	defer os.Remove(lines)
	begun := time.Now()
	made, err := b.startWith(ctx, hostNetwork, func(config *cri.ContainerConfig) {
		config.Command = []string{"sh", "-c", fmt.Sprintf(
			"i=0; while [ $i -lt %d ]; do cat /lines; i=$((i+1)); done", (megabytes<<20)/chunk)}
		config.Mounts = []*cri.Mount{{HostPath: lines, ContainerPath: "/lines", Readonly: true}}
	})
	if err != nil {
		return err
	}
	for {
		status, err := b.runtime.ContainerStatus(ctx,
			&cri.ContainerStatusRequest{ContainerId: made.container})
		if err != nil {
			return err
		}
		if status.Status.State == cri.ContainerState_CONTAINER_EXITED {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	elapsed := time.Since(begun).Seconds()
	line(fmt.Sprintf("container log, %d MiB of 100-byte lines", megabytes),
		fmt.Sprintf("%.0f MiB/s", float64(megabytes)/elapsed))
	return b.end(ctx, made)
}

// memory prints proportional set sizes: shared pages count for each process by its share.
func memory(agent int, shim string, pods int) error {
	size, err := pss(strconv.Itoa(agent))
	if err != nil {
		return err
	}
	line(fmt.Sprintf("agent's memory (PSS), %d pods after load", pods), fmt.Sprintf("%.1f MiB", size/1024))
	commands, err := filepath.Glob("/proc/[0-9]*/comm")
	if err != nil {
		return err
	}
	var total float64
	var count int
	for _, command := range commands {
		name, err := os.ReadFile(command)
		if err != nil || strings.TrimSpace(string(name)) != shim {
			continue
		}
		if size, err := pss(filepath.Base(filepath.Dir(command))); err == nil {
			total += size
			count++
		}
	}
	if count > 0 {
		line(fmt.Sprintf("memory per shim (PSS), %d of them", count), fmt.Sprintf("%.0f KiB", total/float64(count)))
	}
	return nil
}

func pss(pid string) (float64, error) {
	rollup, err := os.ReadFile("/proc/" + pid + "/smaps_rollup")
	if err != nil {
		return 0, err
	}
	for _, row := range strings.Split(string(rollup), "\n") {
		if fields := strings.Fields(row); len(fields) > 1 && fields[0] == "Pss:" {
			return strconv.ParseFloat(fields[1], 64)
		}
	}
	return 0, fmt.Errorf("process %s has no Pss", pid)
}

// inParallel runs an action so many times, and gives the first error.
func inParallel(times, parallel int, action func() error) error {
	var workers sync.WaitGroup
	work := make(chan struct{})
	failures := make(chan error, parallel)
	for range parallel {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for range work {
				if err := action(); err != nil {
					failures <- err
					return
				}
			}
		}()
	}
	var failure error
	for range times {
		select {
		case work <- struct{}{}:
		case failure = <-failures:
		}
		if failure != nil {
			break
		}
	}
	close(work)
	workers.Wait()
	select {
	case failure = <-failures:
	default:
	}
	return failure
}

func percentiles(what string, durations []time.Duration) {
	slices.Sort(durations)
	line(what, fmt.Sprintf("%s | %s", milliseconds(at(durations, 50)), milliseconds(at(durations, 95))))
}

func at(sorted []time.Duration, percent int) time.Duration {
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)]
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

func seconds(d time.Duration) string {
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// line prints a row: what was measured, the median or the one figure, and the 95th percentile.
func line(what, figures string) {
	if !strings.Contains(figures, "|") {
		figures += " | "
	}
	fmt.Printf("| %s | %s |\n", what, figures)
}
