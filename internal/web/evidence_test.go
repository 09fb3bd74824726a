package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/web"
)

func TestEvidenceOfWhatIsWell(t *testing.T) {
	t.Parallel()
	h := handler(t)
	text := parse(t, get(t, h, web.Root+diskPressure+"?lang=en&cluster=another&node=worker-3").Body.String()).text.String()
	inOrder(t, text, "Firing condition not met for these labels", "Firing condition met for:", "node=worker-2", `kubevitals_node_disk_pressure{node="worker-3"}`, "0")
	text = parse(t, get(t, h, web.Root+diskPressure+"?lang=en").Body.String()).text.String()
	inOrder(t, text, "Firing condition met", "Firing condition met for:", "node=worker-2")
	if strings.Contains(text, "Does not hold") {
		t.Error("holds, and does not")
	}
}

// TestEvidenceNeverGreenWhileBlind checks that silence is not taken for health.
func TestEvidenceNeverGreenWhileBlind(t *testing.T) {
	t.Parallel()
	const blind = "Cannot tell: there are no series of this, and a part of the cluster cannot be read"
	ill, well := handler(t), pagesOver(t, reporting(t, healthy))
	for name, test := range map[string]struct {
		h                  http.Handler
		alert, query, want string
	}{
		"a collector that failed":             {ill, "KubeVitalsEtcdSlow", "", "Cannot tell: this signal could not be read"},
		"of its labels, too":                  {ill, "KubeVitalsEtcdSlow", "server=cp-1", "Cannot tell: this signal could not be read"},
		"a collector that is off":             {ill, "KubeVitalsConntrackNearlyFull", "node=worker-2", "Cannot tell: this signal is not looked at here"},
		"no series while blind":               {ill, "KubeVitalsDNSDown", "", blind},
		"an unknown object while blind":       {ill, diskPressure, "node=worker-9", blind},
		"an unknown object while all is seen": {well, "KubeVitalsAPIServerDown", "server=cp-9", "Firing condition not met: no series has these labels"},
		"what is well":                        {well, "KubeVitalsAPIServerDown", "", "Firing condition not met"},
	} {
		text := parse(t, get(t, test.h, web.Root+test.alert+"?lang=en&"+test.query).Body.String()).text.String()
		if !strings.Contains(text, "\n"+test.want+"\n") {
			t.Errorf("%s: not %q:\n%s", name, test.want, text)
		}
	}
}
