package sources

import (
	"os"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestImageCauses verifies what is made of messages of runtimes and registries, also where a
// snapshot kept no more of them than a phrase.
func TestImageCauses(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/image_messages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var messages []struct {
		Cause            ImageCause
		Message, Address string
	}
	if err := yaml.UnmarshalStrict(text, &messages); err != nil {
		t.Fatal(err)
	}
	seen := map[ImageCause]bool{}
	for _, m := range messages {
		phrase := EventPhrases().In(ImageKind(), m.Message)
		if again := EventPhrases().In(ImageKind(), phrase); again != phrase {
			t.Errorf("of the phrase %q is kept %q", phrase, again)
		}
		if got := ImageCauseOf(phrase); got != m.Cause {
			t.Errorf("the cause of %q is %q, want %q", m.Message, got, m.Cause)
		}
		seen[m.Cause] = true
	}
	for _, cause := range ImageCauses() {
		if !seen[cause] {
			t.Errorf("no message has the cause %s", cause)
		}
	}
}
