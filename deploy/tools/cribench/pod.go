package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// kind says how a pod differs from the plain one.
type kind int

const (
	hostNetwork kind = 1 << iota
	seccomp
)

type bench struct {
	runtime cri.RuntimeServiceClient
	image   string
	logs    string
	rounds  int
	names   atomic.Int64
}

// pod is a sandbox with one started container.
type pod struct {
	sandbox   string
	container string
}

// start makes a pod ready: sandbox, container, process.
func (b *bench) start(ctx context.Context, kind kind, command ...string) (pod, error) {
	return b.startWith(ctx, kind, func(config *cri.ContainerConfig) { config.Command = command })
}

func (b *bench) startWith(
	ctx context.Context, kind kind, adapt func(*cri.ContainerConfig),
) (pod, error) {
	name := fmt.Sprintf("bench-%d", b.names.Add(1))
	config := b.sandboxConfig(name, kind)
	sandbox, err := b.runtime.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: config})
	if err != nil {
		return pod{}, err
	}
	made := pod{sandbox: sandbox.PodSandboxId}
	container := b.containerConfig(name, kind)
	adapt(container)
	created, err := b.runtime.CreateContainer(ctx, &cri.CreateContainerRequest{
		PodSandboxId:  made.sandbox,
		Config:        container,
		SandboxConfig: config,
	})
	if err != nil {
		return made, err
	}
	made.container = created.ContainerId
	_, err = b.runtime.StartContainer(ctx, &cri.StartContainerRequest{ContainerId: made.container})
	return made, err
}

// end stops and removes the container and its sandbox, as the kubelet does.
func (b *bench) end(ctx context.Context, made pod) error {
	if _, err := b.runtime.StopContainer(ctx,
		&cri.StopContainerRequest{ContainerId: made.container}); err != nil {
		return err
	}
	if _, err := b.runtime.RemoveContainer(ctx,
		&cri.RemoveContainerRequest{ContainerId: made.container}); err != nil {
		return err
	}
	if _, err := b.runtime.StopPodSandbox(ctx,
		&cri.StopPodSandboxRequest{PodSandboxId: made.sandbox}); err != nil {
		return err
	}
	_, err := b.runtime.RemovePodSandbox(ctx,
		&cri.RemovePodSandboxRequest{PodSandboxId: made.sandbox})
	return err
}

func (b *bench) sandboxConfig(name string, kind kind) *cri.PodSandboxConfig {
	return &cri.PodSandboxConfig{
		Metadata:     &cri.PodSandboxMetadata{Name: name, Uid: name, Namespace: "bench"},
		LogDirectory: filepath.Join(b.logs, name),
		Linux: &cri.LinuxPodSandboxConfig{SecurityContext: &cri.LinuxSandboxSecurityContext{
			NamespaceOptions: namespaces(kind),
		}},
	}
}

func (b *bench) containerConfig(name string, kind kind) *cri.ContainerConfig {
	security := &cri.LinuxContainerSecurityContext{NamespaceOptions: namespaces(kind)}
	if kind&seccomp != 0 {
		security.Seccomp = &cri.SecurityProfile{
			ProfileType: cri.SecurityProfile_RuntimeDefault,
		}
	}
	return &cri.ContainerConfig{
		Metadata: &cri.ContainerMetadata{Name: name},
		Image:    &cri.ImageSpec{Image: b.image},
		LogPath:  "log",
		Linux:    &cri.LinuxContainerConfig{SecurityContext: security},
	}
}

// namespaces are those that the kubelet asks for: a pid namespace per container.
func namespaces(kind kind) *cri.NamespaceOption {
	options := &cri.NamespaceOption{Pid: cri.NamespaceMode_CONTAINER}
	if kind&hostNetwork != 0 {
		options.Network = cri.NamespaceMode_NODE
	}
	return options
}
