package hollow

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/component-base/configz"
	internalapi "k8s.io/cri-api/pkg/apis"
	remote "k8s.io/cri-client/pkg"
)

// connect returns a client of the fake runtime. Package compat has the forms of this file
// for Kubernetes before 1.37 and before 1.36.
func connect(ctx context.Context, endpoint string) (internalapi.RuntimeService, error) {
	return remote.NewRemoteRuntimeServiceBuilder().WithEndpoint(endpoint).WithConnectionTimeout(15 * time.Second).Build(ctx)
}

// setConfig makes the value what /configz answers.
func setConfig(c *configz.Config, value runtime.Object) error { return c.Set(value) }
