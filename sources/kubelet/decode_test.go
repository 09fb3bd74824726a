package kubelet

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestDecodeSummary(t *testing.T) {
	t.Parallel()
	whole := &Filesystem{Bytes: &Room{1, 2}, Inodes: &Room{3, 4}}
	const fs = `{"time":"2026-01-01T00:00:00Z","availableBytes":1,"capacityBytes":2,"usedBytes":1,"inodesFree":3,"inodes":4,"inodesUsed":1}`
	pods := `"pods":[{"podRef":{"name":"}{][","fs":{"availableBytes":9}},"containers":[{},[],null,1.5,"x",true]}]`
	for _, test := range []struct {
		name, body, err string
		want            Summary
	}{
		{"all file systems", `{"node":{"fs":` + fs + `,"runtime":{"imageFs":` + fs + `,"containerFs":` + fs + `}},` + pods + `}`, "",
			Summary{NodeFS: whole, ImageFS: whole, ContainerFS: whole}},
		{"pods first", `{` + pods + `,"x":1,"node":{"fs":` + fs + `}}`, "", Summary{NodeFS: whole}},
		{"nothing measured yet", `{"node":{"nodeName":"n"},"pods":[]}`, "", Summary{}},
		{"nulls", `{"node":{"fs":null,"runtime":null}}`, "", Summary{}},
		{"half of a measurement", `{"node":{"fs":{"availableBytes":1,"inodes":4}}}`, "", Summary{NodeFS: &Filesystem{}}},
		{"full disk", `{"node":{"fs":{"availableBytes":0,"capacityBytes":2}}}`, "", Summary{NodeFS: &Filesystem{Bytes: &Room{0, 2}}}},
		{"more left than there is", `{"node":{"fs":{"availableBytes":3,"capacityBytes":2,"inodesFree":3,"inodes":4}}}`, "",
			Summary{NodeFS: &Filesystem{Inodes: &Room{3, 4}}, Invalid: []string{"nodefs bytes"}}},
		{"a disk of no size", `{"node":{"fs":` + fs + `,"runtime":{"imageFs":{"availableBytes":0,"capacityBytes":0}}}}`, "",
			Summary{NodeFS: whole, ImageFS: &Filesystem{}, Invalid: []string{"imagefs bytes"}}},
		{"more inodes left than there are", `{"node":{"runtime":{"containerFs":{"inodesFree":5,"inodes":4}}}}`, "",
			Summary{ContainerFS: &Filesystem{}, Invalid: []string{"containerfs inodes"}}},
		{"no limit to inodes", `{"node":{"fs":{"inodesFree":0,"inodes":0}}}`, "", Summary{NodeFS: &Filesystem{Inodes: &Room{0, 0}}}},
		{"no node", `{"pods":[]}`, "no node", Summary{}},
		{"null node", `{"node":null}`, "null", Summary{}},
		{"a list", `[]`, "want an object", Summary{}},
		{"negative", `{"node":{"fs":{"availableBytes":-1,"capacityBytes":2}}}`, "cannot unmarshal", Summary{}},
		{"empty", ``, "EOF", Summary{}},
		{"of another node", `{"node":{"nodeName":"other"}}`, `that of node "other"`, Summary{}},
		{"two nodes", `{"node":{"fs":` + fs + `},"pods":[],"node":{"fs":` + fs + `}}`, "twice", Summary{}},
		{"two summaries", `{"node":{"fs":` + fs + `}}{"node":{"fs":` + fs + `}}`, "follows", Summary{}},
		{"cut off in the pods behind", `{"node":{"fs":` + fs + `},"pods":[{`, "EOF", Summary{}},
		{"a time that is none", `{"node":{"fs":{"time":"yesterday"}}}`, "yesterday", Summary{}},
		{"cut off in the pods before", `{"pods":[{"a":`, "EOF", Summary{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeSummary(iotest.OneByteReader(strings.NewReader(test.body)), origin{node: "n"})
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}

func TestSummaryIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection broke")
	body := io.MultiReader(strings.NewReader(`{"node":{},"pods":[`+strings.Repeat("1,", 1<<20)), iotest.ErrReader(broken))
	if _, err := decodeSummary(body, origin{node: "n"}); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

// FuzzDecodeSummary compares with a decoder that holds everything.
func FuzzDecodeSummary(f *testing.F) {
	f.Add(summaryBody)
	f.Add(`{"pods":[{"a":[{}]}],"node":{"runtime":{"imageFs":{"inodes":1,"inodesFree":0}}}}`)
	f.Fuzz(func(t *testing.T, body string) {
		var slow map[string]json.RawMessage
		got, err := decodeSummary(strings.NewReader(body), origin{})
		if json.Unmarshal([]byte(body), &slow) != nil || strings.Count(body, "node") != 1 {
			return // no summary, or one of which it is open what is meant
		}
		var want Summary
		node, wantErr := decodeNode(json.NewDecoder(strings.NewReader(string(slow["node"]))))
		if wantErr == nil {
			wantErr = origin{}.check(node)
		}
		if wantErr == nil {
			want = node.summary()
		}
		if (err == nil) != (wantErr == nil) || err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v; want %+v, %v", got, err, want, wantErr)
		}
	})
}

func TestDecodeConfig(t *testing.T) {
	t.Parallel()
	got, err := decodeConfig(strings.NewReader(`{"kubeletconfig":{
		"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1",
		"staticPodURLHeader":{"Authorization":["secret"]},
		"configMapAndSecretChangeDetectionStrategy":"Cache",
		"evictionHard":{"imagefs.available":"15%"},"evictionSoft":{"nodefs.available":"2Gi"},
		"evictionMinimumReclaim":{"nodefs.available":"500Mi"},"evictionPressureTransitionPeriod":"5m0s",
		"imageGCHighThresholdPercent":85,"imageGCLowThresholdPercent":0,
		"enforceNodeAllocatable":["pods"],"cgroupsPerQOS":true,"cgroupDriver":"systemd",
		"kubeReserved":{"cpu":"100m"},"systemReserved":{"memory":"1Gi"},
		"clusterDNS":["10.96.0.10"],"clusterDomain":"cluster.local"}}`))
	want := Config{
		Strategy:                         "Cache",
		EvictionHard:                     map[string]string{"imagefs.available": "15%"},
		EvictionSoft:                     map[string]string{"nodefs.available": "2Gi"},
		EvictionMinimumReclaim:           map[string]string{"nodefs.available": "500Mi"},
		EvictionPressureTransitionPeriod: 5 * time.Minute,
		ImageGCHighPercent:               85,
		ImageGCLowPercent:                0,
		EnforceNodeAllocatable:           []string{"pods"},
		CgroupsPerQOS:                    new(true),
		CgroupDriver:                     "systemd",
		KubeReserved:                     map[string]string{"cpu": "100m"},
		SystemReserved:                   map[string]string{"memory": "1Gi"},
		ClusterDNS:                       []string{"10.96.0.10"},
		ClusterDomain:                    "cluster.local",
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = decodeConfig(strings.NewReader(`{"kubeletconfig":{"imageGCHighThresholdPercent":850,"imageGCLowThresholdPercent":-1}}`))
	if err != nil || got.ImageGCHighPercent != -1 || got.ImageGCLowPercent != -1 || len(got.Invalid) != 2 {
		t.Errorf("percentages that cannot be: %+v, %v", got, err)
	}
	for _, body := range []string{`{}`, `{"kubeletconfig":null}`, `{"kubeletconfig":{"evictionHard":3}}`, `{"kubeletconfig":{`, ``} {
		if got, err := decodeConfig(strings.NewReader(body)); err == nil {
			t.Errorf("%q was taken for %+v", body, got)
		}
	}
}

func BenchmarkDecodeSummary(b *testing.B) {
	pod := `{"podRef":{"name":"p","namespace":"n"},"containers":[` + strings.Repeat(`{"name":"c","cpu":{"usageNanoCores":1},"memory":{"workingSetBytes":1}},`, 30) + `{}]}`
	node := `"node":{"fs":{"availableBytes":1,"capacityBytes":2}}`
	pods := `"pods":[` + strings.Repeat(pod+",", 500) + `{}]`
	for name, body := range map[string]string{
		"as the kubelet writes it": "{" + node + "," + pods + "}",
		"pods first":               "{" + pods + "," + node + "}",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decodeSummary(strings.NewReader(body), origin{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
