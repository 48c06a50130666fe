package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const (
	// So few that calls get into each other's way.
	fewPods       = 5
	fewContainers = 12
	callLimit     = time.Minute
)

// scramble makes calls on a few pods in any order and at once, as a kubelet with many workers, a
// person and a monitor do together. It knows which answers there may be, and keeps those that may
// not.
type scramble struct {
	client
	random *rand.Rand

	mutex      sync.Mutex
	pods       []podOf
	containers []string
	// The furthest state that a finished call has shown of a container.
	furthest map[string]cri.ContainerState
	calls    map[string]int
	problems []string
	named    atomic.Int64
}

type podOf struct {
	id     string
	config *cri.PodSandboxConfig
}

func (c client) scramble(ctx context.Context) error {
	seed := c.seed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	fmt.Printf("seed %d\n", seed)
	s := &scramble{
		client:   c,
		random:   rand.New(rand.NewPCG(seed, seed)),
		furthest: map[string]cri.ContainerState{},
		calls:    map[string]int{},
	}
	watch, err := s.watchEvents(ctx)
	if err != nil {
		return err
	}
	left := int64(c.sessions)
	var workers sync.WaitGroup
	for range c.parallel {
		workers.Go(func() {
			for atomic.AddInt64(&left, -1) >= 0 {
				s.any(ctx)
			}
		})
	}
	workers.Wait()
	s.removeAll(ctx)
	for _, problem := range watch() {
		s.problem("events", "%s", problem)
	}
	return s.report()
}

func (s *scramble) report() error {
	names := make([]string, 0, len(s.calls))
	for name := range s.calls {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Printf("%-40s %6d\n", name, s.calls[name])
	}
	if len(s.problems) == 0 {
		return nil
	}
	for _, problem := range s.problems {
		fmt.Fprintln(os.Stderr, problem)
	}
	return fmt.Errorf("%d answers that should not be", len(s.problems))
}

func (s *scramble) problem(call string, format string, arguments ...any) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.problems = append(s.problems, call+": "+fmt.Sprintf(format, arguments...))
}

// judge counts an answer, and keeps it when its code is none of those allowed.
func (s *scramble) judge(call string, err error, allowed ...codes.Code) bool {
	code := status.Code(err)
	s.mutex.Lock()
	s.calls[call+" "+code.String()]++
	s.mutex.Unlock()
	if code == codes.OK {
		return true
	}
	for _, fine := range allowed {
		if code == fine {
			return false
		}
	}
	s.problem(call, "%v", err)
	return false
}

func (s *scramble) dice(sides int) int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.random.IntN(sides)
}

// pod is one that was made, and may be gone.
func (s *scramble) pod() (podOf, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.pods) == 0 {
		return podOf{}, false
	}
	return s.pods[s.random.IntN(len(s.pods))], true
}

func (s *scramble) container() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.containers) == 0 {
		return "0123456789abcdef"
	}
	id := s.containers[s.random.IntN(len(s.containers))]
	if s.random.IntN(4) == 0 {
		return id[:20]
	}
	return id
}

func (s *scramble) any(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	switch dice := s.dice(60); {
	case dice < 4:
		s.runPod(ctx)
	case dice < 5:
		s.stopPod(ctx)
	case dice < 6:
		s.removePod(ctx)
	case dice < 14:
		s.create(ctx)
	case dice < 23:
		s.start(ctx)
	case dice < 26:
		s.stop(ctx)
	case dice < 28:
		s.remove(ctx)
	case dice < 40:
		s.exec(ctx)
	case dice < 44:
		s.update(ctx)
	case dice < 47:
		_, err := s.runtime.ReopenContainerLog(ctx,
			&cri.ReopenContainerLogRequest{ContainerId: s.container()})
		s.judge("reopen", err, codes.NotFound, codes.FailedPrecondition)
	case dice < 53:
		s.status(ctx)
	default:
		s.look(ctx)
	}
}

// forget takes a container that is gone out of the choice, but for a few that are asked for all the
// same.
func (s *scramble) forget(id string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for i, each := range s.containers {
		if strings.HasPrefix(each, id) && s.random.IntN(4) > 0 {
			s.containers = append(s.containers[:i:i], s.containers[i+1:]...)
			return
		}
	}
}

func (s *scramble) runPod(ctx context.Context) {
	s.mutex.Lock()
	full := len(s.pods) >= fewPods
	s.mutex.Unlock()
	if full {
		return
	}
	name := fmt.Sprintf("scrambled-%d", s.named.Add(1))
	options := &cri.NamespaceOption{Pid: cri.NamespaceMode(s.dice(2))}
	if s.dice(2) == 0 {
		options.Network = cri.NamespaceMode_NODE
	}
	config := &cri.PodSandboxConfig{
		Metadata:     &cri.PodSandboxMetadata{Name: name, Namespace: "test", Uid: name},
		LogDirectory: s.logs,
		Linux: &cri.LinuxPodSandboxConfig{
			SecurityContext: &cri.LinuxSandboxSecurityContext{NamespaceOptions: options},
		},
	}
	// Sometimes twice at once, as after a deadline: one pod, and both are told of it.
	answers := make([]string, 1+s.dice(2))
	var both sync.WaitGroup
	for i := range answers {
		both.Go(func() {
			answer, err := s.runtime.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: config})
			// The second one may come when the first one has its answer already.
			if s.judge("run", err, codes.AlreadyExists) {
				answers[i] = answer.PodSandboxId
			}
		})
	}
	both.Wait()
	id := ""
	for _, answer := range answers {
		if id != "" && answer != "" && id != answer {
			s.problem("run", "%s is two pods: %s and %s", name, id, answer)
		}
		id = max(id, answer)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.pods = append(s.pods, podOf{id, config})
}

func (s *scramble) stopPod(ctx context.Context) {
	if pod, ok := s.pod(); ok {
		_, err := s.runtime.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: pod.id})
		s.judge("stopp", err)
	}
}

func (s *scramble) removePod(ctx context.Context) {
	pod, ok := s.pod()
	if !ok {
		return
	}
	_, err := s.runtime.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: pod.id})
	if !s.judge("rmp", err) {
		return
	}
	_, err = s.runtime.PodSandboxStatus(ctx, &cri.PodSandboxStatusRequest{PodSandboxId: pod.id})
	if status.Code(err) != codes.NotFound {
		s.problem("rmp", "%s is there after its removal: %v", pod.id, err)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for i, each := range s.pods {
		if each.id == pod.id {
			s.pods = append(s.pods[:i:i], s.pods[i+1:]...)
			return
		}
	}
}

func (s *scramble) create(ctx context.Context) {
	pod, ok := s.pod()
	if !ok {
		return
	}
	name := fmt.Sprintf("c-%d", s.named.Add(1))
	commands := [][]string{
		{"sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done"},
		{"sh", "-c", "while :; do sleep 0.05; done"},
		{"sh", "-c", "sleep 0.2; exit 3"},
		{"sleep", "100"},
		{"sleep", "100"},
		{"true"},
		{"/does/not/exist"},
	}
	answer, err := s.runtime.CreateContainer(ctx, &cri.CreateContainerRequest{
		PodSandboxId:  pod.id,
		SandboxConfig: pod.config,
		Config: &cri.ContainerConfig{
			Metadata: &cri.ContainerMetadata{Name: name},
			Image:    &cri.ImageSpec{Image: s.image},
			Command:  commands[s.dice(len(commands))],
			LogPath:  pod.config.Metadata.Name + "-" + name + ".log",
			Linux: &cri.LinuxContainerConfig{
				SecurityContext: &cri.LinuxContainerSecurityContext{
					NamespaceOptions: pod.config.Linux.SecurityContext.NamespaceOptions,
				},
			},
		},
	})
	if !s.judge("create", err, codes.NotFound, codes.FailedPrecondition, codes.Canceled) {
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.containers = append(s.containers, answer.ContainerId)
	if len(s.containers) > fewContainers {
		s.containers = s.containers[1:]
	}
}

func (s *scramble) start(ctx context.Context) {
	id := s.container()
	_, err := s.runtime.StartContainer(ctx, &cri.StartContainerRequest{ContainerId: id})
	if err != nil && strings.Contains(err.Error(), "/does/not/exist") {
		err = nil
	}
	s.judge("start", err, codes.NotFound, codes.FailedPrecondition)
}

func (s *scramble) stop(ctx context.Context) {
	id := s.container()
	_, err := s.runtime.StopContainer(ctx,
		&cri.StopContainerRequest{ContainerId: id, Timeout: int64(s.dice(3))})
	if !s.judge("stop", err) {
		return
	}
	answer, err := s.runtime.ContainerStatus(ctx, &cri.ContainerStatusRequest{ContainerId: id})
	if s.judge("status", err, codes.NotFound) &&
		answer.Status.State != cri.ContainerState_CONTAINER_EXITED {
		s.problem("stop", "%s is %v afterwards", id, answer.Status.State)
	}
}

func (s *scramble) remove(ctx context.Context) {
	id := s.container()
	_, err := s.runtime.RemoveContainer(ctx, &cri.RemoveContainerRequest{ContainerId: id})
	if !s.judge("rm", err) {
		return
	}
	_, err = s.runtime.ContainerStatus(ctx, &cri.ContainerStatusRequest{ContainerId: id})
	if status.Code(err) != codes.NotFound {
		s.problem("rm", "%s is there after its removal: %v", id, err)
	}
}

func (s *scramble) exec(ctx context.Context) {
	commands := [][]string{{"true"}, {"sh", "-c", "exit 3"}, {"sleep", "20"}}
	command := commands[s.dice(len(commands))]
	begun := time.Now()
	id := s.container()
	answer, err := s.runtime.ExecSync(ctx,
		&cri.ExecSyncRequest{ContainerId: id, Cmd: command, Timeout: 1})
	allowed := []codes.Code{codes.NotFound, codes.FailedPrecondition}
	if command[0] == "sleep" || time.Since(begun) > time.Second {
		allowed = append(allowed, codes.DeadlineExceeded)
	}
	if !s.judge("exec "+command[0], err, allowed...) {
		if status.Code(err) == codes.NotFound {
			s.forget(id)
		}
		return
	}
	switch code := answer.ExitCode; {
	case code == 137: // it went with its container
	case command[0] == "true" && code == 0, command[0] == "sh" && code == 3:
	default:
		s.problem("exec", "%v ended with %d: %s", command, code, answer.Stderr)
	}
}

func (s *scramble) update(ctx context.Context) {
	_, err := s.runtime.UpdateContainerResources(ctx, &cri.UpdateContainerResourcesRequest{
		ContainerId: s.container(),
		Linux: &cri.LinuxContainerResources{
			MemoryLimitInBytes: int64(64+s.dice(64)) << 20,
			CpuShares:          int64(2 + s.dice(1000)),
		},
	})
	s.judge("update", err, codes.NotFound, codes.FailedPrecondition)
}

// status looks at a container: its times fit its state, and its life goes one way only.
func (s *scramble) status(ctx context.Context) {
	id := s.container()
	s.mutex.Lock()
	before := s.furthest[id]
	s.mutex.Unlock()
	answer, err := s.runtime.ContainerStatus(ctx,
		&cri.ContainerStatusRequest{ContainerId: id, Verbose: s.dice(3) == 0})
	if !s.judge("status", err, codes.NotFound) {
		s.forget(id)
		return
	}
	s.check("status", answer.Status)
	if answer.Status.State < before {
		s.problem("status", "%s was %v and is %v", id, before, answer.Status.State)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.furthest[id] = max(s.furthest[id], answer.Status.State)
}

func (s *scramble) check(call string, is *cri.ContainerStatus) {
	fine := is.CreatedAt > 0
	switch is.State {
	case cri.ContainerState_CONTAINER_CREATED:
		fine = fine && is.StartedAt == 0 && is.FinishedAt == 0
	case cri.ContainerState_CONTAINER_RUNNING:
		fine = fine && is.StartedAt >= is.CreatedAt && is.FinishedAt == 0
	case cri.ContainerState_CONTAINER_EXITED:
		fine = fine && is.FinishedAt >= is.StartedAt && is.FinishedAt > 0 && is.Reason != ""
	default:
		fine = false
	}
	if !fine {
		s.problem(call, "%v does not fit together", is)
	}
}

// look asks for many at once.
func (s *scramble) look(ctx context.Context) {
	switch s.dice(6) {
	case 0:
		if pod, ok := s.pod(); ok {
			answer, err := s.runtime.PodSandboxStatus(ctx,
				&cri.PodSandboxStatusRequest{PodSandboxId: pod.id})
			if s.judge("inspectp", err, codes.NotFound) {
				for _, each := range answer.ContainersStatuses {
					s.check("inspectp", each)
				}
			}
		}
	case 1:
		answer, err := s.runtime.ListContainers(ctx, &cri.ListContainersRequest{})
		if s.judge("ps", err) {
			times := map[int64]bool{}
			for _, each := range answer.Containers {
				if times[each.CreatedAt] {
					s.problem("ps", "two containers were created at %d", each.CreatedAt)
				}
				times[each.CreatedAt] = true
			}
		}
	case 2:
		_, err := s.runtime.ListContainerStats(ctx, &cri.ListContainerStatsRequest{})
		s.judge("stats", err)
	case 3:
		_, err := s.runtime.ListPodSandboxStats(ctx, &cri.ListPodSandboxStatsRequest{})
		s.judge("statsp", err)
	case 4:
		_, err := s.runtime.ListPodSandboxMetrics(ctx, &cri.ListPodSandboxMetricsRequest{})
		s.judge("metricsp", err)
	case 5:
		_, err := s.runtime.ContainerStats(ctx,
			&cri.ContainerStatsRequest{ContainerId: s.container()})
		s.judge("stats of one", err, codes.NotFound)
	}
}

func (s *scramble) removeAll(ctx context.Context) {
	pods, err := s.runtime.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
	if !s.judge("pods", err) {
		return
	}
	for _, pod := range pods.Items {
		_, err := s.runtime.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: pod.Id})
		s.judge("rmp", err)
	}
	containers, err := s.runtime.ListContainers(ctx, &cri.ListContainersRequest{})
	if s.judge("ps", err) && len(containers.Containers) > 0 {
		s.problem("ps", "%d containers are left", len(containers.Containers))
	}
}

// watchEvents takes note of every event until the returned function is called, which tells what was
// wrong with them.
func (s *scramble) watchEvents(ctx context.Context) (func() []string, error) {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := s.runtime.GetContainerEvents(ctx, &cri.GetEventsRequest{})
	if err != nil {
		cancel()
		return nil, err
	}
	var mutex sync.Mutex
	last := map[string]*cri.ContainerEventResponse{}
	var problems []string
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			event, err := stream.Recv()
			mutex.Lock()
			if err != nil {
				if !errors.Is(ctx.Err(), context.Canceled) {
					problems = append(problems, err.Error())
				}
				mutex.Unlock()
				return
			}
			problems = append(problems, misplaced(last[event.ContainerId], event)...)
			last[event.ContainerId] = event
			mutex.Unlock()
		}
	}()
	deleted := func() bool {
		mutex.Lock()
		defer mutex.Unlock()
		for _, event := range last {
			if event.ContainerEventType != cri.ContainerEventType_CONTAINER_DELETED_EVENT {
				return false
			}
		}
		return true
	}
	return func() []string {
		for end := time.Now().Add(10 * time.Second); !deleted() && time.Now().Before(end); {
			time.Sleep(50 * time.Millisecond)
		}
		cancel()
		<-ended
		for id, event := range last {
			if event.ContainerEventType != cri.ContainerEventType_CONTAINER_DELETED_EVENT {
				problems = append(problems, fmt.Sprintf("the last of %s is %v", id, event.ContainerEventType))
			}
		}
		fmt.Printf("%-40s %6d\n", "objects with events", len(last))
		return problems
	}, nil
}

// misplaced says what is wrong with an event behind another one of the same object.
func misplaced(before, event *cri.ContainerEventResponse) []string {
	var problems []string
	id := event.ContainerId
	if before != nil && before.ContainerEventType >= event.ContainerEventType {
		problems = append(problems, fmt.Sprintf("%s: %v after %v", id, event.ContainerEventType, before.ContainerEventType))
	}
	if before == nil && event.ContainerEventType != cri.ContainerEventType_CONTAINER_CREATED_EVENT {
		problems = append(problems, fmt.Sprintf("%s: begins with %v", id, event.ContainerEventType))
	}
	if before != nil && before.CreatedAt > event.CreatedAt {
		problems = append(problems, fmt.Sprintf("%s: %v was before %v", id, event.ContainerEventType, before.ContainerEventType))
	}
	for _, is := range event.ContainersStatuses {
		if is.Id != id {
			continue
		}
		// CREATED, RUNNING, EXITED as the events that tell of them.
		if int(is.State) < int(event.ContainerEventType) && is.State != cri.ContainerState_CONTAINER_UNKNOWN {
			problems = append(problems, fmt.Sprintf("%s: %v while it is %v", id, event.ContainerEventType, is.State))
		}
	}
	return problems
}
