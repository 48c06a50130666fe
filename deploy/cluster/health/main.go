// A server of the gRPC health protocol on port 9000, for the probes of a pod: ready at once, and not
// healthy any more as soon as the file /tmp/sick exists.
package main

import (
	"context"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"
	health "google.golang.org/grpc/health/grpc_health_v1"
)

type server struct {
	health.UnimplementedHealthServer
}

func (server) Check(context.Context, *health.HealthCheckRequest) (*health.HealthCheckResponse, error) {
	status := health.HealthCheckResponse_SERVING
	if _, err := os.Stat("/tmp/sick"); err == nil {
		status = health.HealthCheckResponse_NOT_SERVING
	}
	return &health.HealthCheckResponse{Status: status}, nil
}

func main() {
	listener, err := net.Listen("tcp", ":9000")
	if err != nil {
		log.Fatal(err)
	}
	answers := grpc.NewServer()
	health.RegisterHealthServer(answers, server{})
	log.Println("health is served")
	log.Fatal(answers.Serve(listener))
}
