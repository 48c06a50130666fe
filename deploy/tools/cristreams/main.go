// Command cristreams is a client of exec, attach, port-forward and events that misbehaves on
// purpose, and the server at the far end of a forwarded port.
//
// It speaks the protocols itself, so that it can stop at any point of them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const usage = `usage: cristreams VERB [flags]
  drop      opens sessions and leaves them half-way
  stall     starts a command and attaches, and reads nothing until its own input ends
  tokens    asks for more requests than may wait, and tries tokens that are no good
  scramble  makes calls on a few pods in any order and at once, and tells answers that should not be
  events    watches events with many clients, some of which never read, while pods come and go
  serve     answers connections (in a container)
  transfer  sends to and receives from serve through a forwarded port, and compares checksums
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	given := options{}
	flags.StringVar(&given.socket, "socket", "", "unix socket of the runtime")
	flags.StringVar(&given.container, "container", "", "container that runs commands")
	flags.StringVar(&given.pod, "pod", "", "pod whose ports are forwarded")
	flags.IntVar(&given.port, "port", 8080, "port of serve")
	flags.StringVar(&given.verb, "verb", "exec", "exec or portforward")
	flags.IntVar(&given.sessions, "sessions", 1000, "how many in all")
	flags.IntVar(&given.parallel, "parallel", 100, "how many at a time")
	flags.StringVar(&given.address, "address", "", "host:port to connect to")
	flags.Int64Var(&given.bytes, "bytes", 1<<30, "how much is sent each way")
	flags.StringVar(&given.image, "image", "", "image of containers that are made")
	flags.StringVar(&given.logs, "logs", "", "directory for their logs")
	flags.Uint64Var(&given.seed, "seed", 0, "repeats the choices of an earlier run")
	_ = flags.Parse(os.Args[2:])
	if err := run(os.Args[1], given); err != nil {
		fmt.Fprintf(os.Stderr, "cristreams %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

type options struct {
	socket, container, pod, verb, address, image, logs string
	port, sessions, parallel                           int
	bytes                                              int64
	seed                                               uint64
}

func run(verb string, given options) error {
	switch verb {
	case "serve":
		return serve(given.port)
	case "transfer":
		return transfer(given.address, given.bytes)
	}
	connection, err := connect(given.socket)
	if err != nil {
		return err
	}
	defer connection.Close()
	client := client{cri.NewRuntimeServiceClient(connection), given}
	switch verb {
	case "drop":
		return client.drop(context.Background())
	case "stall":
		return client.stall(context.Background())
	case "tokens":
		return client.tokens(context.Background())
	case "events":
		return client.events(context.Background())
	case "scramble":
		return client.scramble(context.Background())
	default:
		return fmt.Errorf("no such verb\n%s", usage)
	}
}

func connect(socket string) (*grpc.ClientConn, error) {
	return grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
}

type client struct {
	runtime cri.RuntimeServiceClient
	options
}

// names makes headers of a stream.
func names(pairs ...string) map[string][]string {
	headers := map[string][]string{}
	for i := 0; i < len(pairs); i += 2 {
		headers[strings.ToLower(pairs[i])] = []string{pairs[i+1]}
	}
	return headers
}

func number(n int) string {
	return strconv.Itoa(n)
}
