package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestNothingOfTheCallerIsBuiltIn verifies that flags, a toolchain and a file of settings of
// whoever calls change nothing of how the program is built, and that modules come from
// where he says.
func TestNothingOfTheCallerIsBuiltIn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte("GOFLAGS=-tags=of_the_file\nGOAMD64=v3\nGOTOOLCHAIN=go1.99.0\nGOEXPERIMENT=jsonv2\nGOPROXY=https://proxy.example.com\nGONOSUMDB=example.com/*\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOENV", file)
	for name, value := range map[string]string{
		"GOFLAGS": "-tags=of_the_caller -race", "GOTOOLCHAIN": "go1.98.0", "GOAMD64": "v4", "GOARM64": "v9.0", "CGO_ENABLED": "1",
		"GOOS": "plan9", "GOARCH": "386", "GOWORK": "/nowhere/go.work", "GODEBUG": "http2client=0", "GOFIPS140": "latest",
	} {
		t.Setenv(name, value)
	}
	from, err := fetching(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := &release{root: "../..", fetching: from}
	names := []string{"GOFLAGS", "GOTOOLCHAIN", "GOAMD64", "GOARM64", "CGO_ENABLED", "GOOS", "GOARCH", "GOWORK", "GODEBUG", "GOFIPS140", "GOEXPERIMENT", "GOPROXY", "GONOSUMDB"}
	for platform, want := range map[platform]map[string]string{
		{"linux", "amd64"}: {"GOOS": "linux", "GOARCH": "amd64", "GOAMD64": "v1"}, {"darwin", "arm64"}: {"GOOS": "darwin", "GOARCH": "arm64", "GOARM64": "v8.0"},
	} {
		out, err := r.goCommand(t.Context(), platform, append([]string{"env", "-json"}, names...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{
			"GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOWORK": "off", "GODEBUG": "", "GOFIPS140": "off",
			"GOEXPERIMENT": "", "GOPROXY": "https://proxy.example.com", "GONOSUMDB": "example.com/*",
		} {
			want[name] = value
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s: %s is %q, want %q", platform, name, got[name], value)
			}
		}
	}
}
