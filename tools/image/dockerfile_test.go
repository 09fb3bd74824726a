package image

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestDockerfile verifies that the image without a daemon is the one of the Dockerfile
// that is shipped: who runs it, what it serves, what runs.
func TestDockerfile(t *testing.T) {
	text, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	got, err := FromDockerfile(text, "bin/kubevitals")
	if err != nil {
		t.Fatal(err)
	}
	want := Image{
		Files: map[string]string{"/kubevitals": "bin/kubevitals"}, Entrypoint: []string{"/kubevitals"},
		User: "65534:65534", Ports: []string{"9899/tcp"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("image %+v, want %+v", got, want)
	}
	more := append(bytes.TrimSpace(text), "\nEXPOSE 53/udp 80\nUSER 1:2\n"...)
	if got, err = FromDockerfile(more, "bin/kubevitals"); err != nil {
		t.Fatal(err)
	}
	want.User, want.Ports = "1:2", []string{"9899/tcp", "53/udp", "80/tcp"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("image %+v, want %+v", got, want)
	}
}

// TestDockerfileRefused verifies that what is not known is not left out.
func TestDockerfileRefused(t *testing.T) {
	for text, says := range map[string]string{
		"FROM golang": "not FROM scratch",
		"FROM scratch\nCOPY --from=build /src/b /b":           "this program is not given",
		"FROM scratch\nUSER 1:2":                              "copies 0 files",
		"FROM scratch\nENV A=b":                               "ENV A=b: not known here",
		"FROM scratch\nCOPY . /":                              "COPY . /: not known here",
		"FROM scratch\nENTRYPOINT /kubevitals":                "ENTRYPOINT /kubevitals: not known here",
		"FROM scratch\nCOPY --from=b /a /a\nFROM golang AS b": "not FROM scratch",
	} {
		if _, err := FromDockerfile([]byte(text), "a"); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want an error that says %q", text, err, says)
		}
	}
}
