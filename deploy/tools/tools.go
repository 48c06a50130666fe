// Package tools pins the programs that the black-box tests run: crictl and critest.
//
// crictl is built from its own main package. critest is a test binary without any
// ordinary Go file, so what it imports is named here, for `go mod tidy` to keep the
// checksums of all of it.
package tools

import (
	_ "github.com/onsi/ginkgo/v2"
	_ "github.com/onsi/gomega"
	_ "sigs.k8s.io/cri-tools/pkg/benchmark"
	_ "sigs.k8s.io/cri-tools/pkg/common"
	_ "sigs.k8s.io/cri-tools/pkg/framework"
	_ "sigs.k8s.io/cri-tools/pkg/validate"
)
