package kubeproxy

import (
	"os"
	"path/filepath"
	"testing"
)

// host makes the files of a machine; those that end in a slash are folders.
func host(t *testing.T, files ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, f := range files {
		path := filepath.Join(root, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if f[len(f)-1] == '/' {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
		} else if err := os.Symlink("/lib/of/the/host", path); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestFilesOfTheHost(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, trace  string
		files        []string
		there, known bool
	}{
		{"no machine", Pod, nil, false, false},
		{"no pod", Pod, []string{"var/log/pods/"}, false, true},
		{"other pods", Pod, []string{"var/log/pods/default_kube-proxy_0a1b/web/", "var/log/pods/kube-proxy"}, false, true},
		{"its pod", Pod, []string{"var/log/pods/default_web_2c3d/web/", "var/log/pods/kube-system_kube-proxy-x7x2q_0a1b/kube-proxy/"}, true, true},
		{"no systemd", Unit, nil, false, false},
		{"a unit that is not enabled", Unit, []string{"etc/systemd/system/kube-proxy.service", "etc/systemd/system/multi-user.target.wants/ssh.service"}, false, true},
		{"a unit", Unit, []string{"etc/systemd/system/kubernetes.target.wants/kube-proxy.service"}, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			there, known := NewFinder(host(t, tt.files...)).Find(t.Context())[tt.trace]
			if there != tt.there || known != tt.known {
				t.Errorf("there %t, known %t, want %t, %t", there, known, tt.there, tt.known)
			}
		})
	}
}
