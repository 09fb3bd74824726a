package kubelet

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/collectors/watch"
)

func TestOneWarningForEachKindOfTrouble(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := newTrouble(slog.New(slog.NewTextHandler(&out, nil)))
	err := errors.New("403")
	warnings := func(want int, when string) {
		t.Helper()
		if got := strings.Count(out.String(), "level=WARN"); got != want {
			t.Errorf("%d warnings %s, want %d:\n%s", got, when, want, &out)
		}
	}
	log.changed("a", configz, watch.Starting, watch.Forbidden, err)
	warnings(1, "for the first kubelet")
	log.changed("a", configz, watch.Forbidden, watch.Forbidden, err)
	log.changed("b", configz, watch.Starting, watch.Forbidden, err)
	warnings(1, "for more of the same")
	log.changed("a", metrics, watch.Starting, watch.Forbidden, err)
	log.changed("b", configz, watch.Forbidden, watch.Timeout, err)
	warnings(3, "for another endpoint and another reason")
	log.changed("a", configz, watch.Forbidden, watch.Available, nil)
	log.over(metrics, watch.Forbidden)
	log.over(configz, watch.Timeout)
	if len(log.kubelets) != 0 {
		t.Errorf("left over: %v", log.kubelets)
	}
	log.changed("a", configz, watch.Available, watch.Forbidden, err)
	warnings(4, "when it comes back")
}
