package sources

import (
	"os"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/sources/events"
)

// TestSandboxCauses verifies what is made of messages of real nodes and of public bug
// reports, also where a snapshot kept no more of them than a phrase.
func TestSandboxCauses(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/sandbox_messages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var messages []struct {
		Cause            SandboxCause
		Message, Address string
	}
	if err := yaml.UnmarshalStrict(text, &messages); err != nil {
		t.Fatal(err)
	}
	kind, seen := events.Kind{Reason: "FailedCreatePodSandBox", Object: "Pod"}, map[SandboxCause]bool{}
	for _, m := range messages {
		phrase := EventPhrases().In(kind, m.Message)
		if again := EventPhrases().In(kind, phrase); again != phrase {
			t.Errorf("of the phrase %q is kept %q", phrase, again)
		}
		if got := SandboxCauseOf(phrase); got != m.Cause {
			t.Errorf("the cause of %q is %q, want %q", m.Message, got, m.Cause)
		}
		seen[m.Cause] = true
	}
	for _, cause := range SandboxCauses() {
		if !seen[cause] {
			t.Errorf("no message has the cause %s", cause)
		}
	}
}
