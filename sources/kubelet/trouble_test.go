package kubelet

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/sources/health"
)

func TestOneWarningForEachKindOfTrouble(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := newTrouble(slog.New(slog.NewTextHandler(&out, nil)))
	err, late := errors.New("403"), errors.New("late")
	unreached := &unreachedError{err: late}
	warnings := func(want int, when string) {
		t.Helper()
		if got := strings.Count(out.String(), "level=WARN"); got != want {
			t.Errorf("%d warnings %s, want %d:\n%s", got, when, want, &out)
		}
	}
	log.changed("a", configz, health.Starting, health.Forbidden, err)
	warnings(1, "for the first kubelet")
	log.changed("a", configz, health.Forbidden, health.Forbidden, err)
	log.changed("b", configz, health.Starting, health.Forbidden, err)
	warnings(1, "for more of the same")
	log.changed("a", metrics, health.Starting, health.Forbidden, err)
	log.changed("b", configz, health.Forbidden, health.Timeout, unreached)
	warnings(3, "for another endpoint and another reason")
	for _, test := range []struct {
		endpoint string
		reason   health.Reason
		want     error
	}{{"configz", health.Timeout, late}, {"stats_summary", health.Timeout, late}, {"metrics", health.Forbidden, err}, {"stats_summary", health.Forbidden, nil}, {"configz", health.TLS, nil}} {
		if got := log.example(test.endpoint, test.reason); !errors.Is(got, test.want) {
			t.Errorf("%s, %s: the example is %v, want %v", test.endpoint, test.reason, got, test.want)
		}
	}
	log.changed("a", configz, health.Forbidden, health.Available, nil)
	log.over("a", metrics, health.Forbidden)
	log.over("b", configz, health.Timeout)
	if len(log.kubelets)+len(log.examples) != 0 {
		t.Errorf("left over: %v, %v", log.kubelets, log.examples)
	}
	log.changed("a", configz, health.Available, health.Forbidden, err)
	warnings(4, "when it comes back")
}

// TestTheSameExample verifies that the example of a kind of trouble is that of the
// first node by name, in whatever order they fail, while it is in that trouble.
func TestTheSameExample(t *testing.T) {
	t.Parallel()
	a, b, c := errors.New("of a"), errors.New("of b"), errors.New("of c")
	log := newTrouble(slog.New(slog.DiscardHandler))
	want := func(example error) {
		t.Helper()
		if got := log.example("configz", health.Forbidden); !errors.Is(got, example) {
			t.Errorf("the example is %v, want %v", got, example)
		}
	}
	log.changed("b", configz, health.Starting, health.Forbidden, b)
	log.changed("c", configz, health.Starting, health.Forbidden, c)
	want(b)
	log.changed("a", configz, health.Starting, health.Forbidden, a)
	want(a)
	log.changed("c", configz, health.Forbidden, health.Forbidden, c)
	want(a)
	log.over("a", configz, health.Forbidden)
	log.changed("b", configz, health.Forbidden, health.Forbidden, b)
	want(b)
}
