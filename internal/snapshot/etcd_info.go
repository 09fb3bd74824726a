package snapshot

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/sources/etcd"
)

// etcdInfo is what etcdctl said of the members of etcd when a must-gather was taken, by
// host:port.
type etcdInfo struct {
	status map[string]etcdStatus
	health map[string]etcdHealth
	// alarms are those of members, by their numbers.
	alarms map[uint64]etcd.Health
}

// etcdStatus is of endpoint_status.json.
type etcdStatus struct {
	Header struct {
		MemberID uint64 `json:"member_id"`
	} `json:"header"`
	Size   float64 `json:"dbSize"`
	InUse  float64 `json:"dbSizeInUse"`
	Quota  float64 `json:"dbSizeQuota"` // since etcd 3.6
	Leader uint64  `json:"leader"`
}

// etcdHealth is of endpoint_health.json. A member with an alarm is not healthy, and
// says so in the error.
type etcdHealth struct {
	Endpoint string `json:"endpoint"`
	Healthy  bool   `json:"health"`
	Error    string `json:"error"`
}

// etcdInfoLimit bounds a file of etcdctl in bytes.
const etcdInfoLimit = 4 << 20

// isEtcdInfo tells whether a file of the folder etcd_info is read.
func isEtcdInfo(name string) bool {
	return slices.Contains([]string{"endpoint_status.json", "endpoint_health.json", "alarm_list.json"}, name)
}

// readEtcd reads one file of etcdctl. An empty one is what etcdctl leaves that failed.
func (r *reader) readEtcd(name string, m *meter) error {
	m.limit = etcdInfoLimit
	raw, err := io.ReadAll(m)
	if err != nil || len(strings.TrimSpace(string(raw))) == 0 {
		return err
	}
	switch name {
	case "endpoint_status.json":
		var list []struct {
			Endpoint string     `json:"Endpoint"`
			Status   etcdStatus `json:"Status"`
		}
		err = json.Unmarshal(raw, &list)
		for _, one := range list {
			store(&r.etcd.status, host(one.Endpoint), one.Status)
		}
	case "endpoint_health.json":
		var list []etcdHealth
		err = json.Unmarshal(raw, &list)
		for _, one := range list {
			store(&r.etcd.health, host(one.Endpoint), one)
		}
	case "alarm_list.json":
		var list struct {
			Alarms []struct {
				MemberID uint64 `json:"memberID"`
				Alarm    int    `json:"alarm"`
			} `json:"alarms"`
		}
		err = json.Unmarshal(raw, &list)
		for _, one := range list.Alarms {
			if state := map[int]etcd.Health{1: etcd.NoSpace, 2: etcd.Corrupt}[one.Alarm]; state != "" {
				store(&r.etcd.alarms, one.MemberID, state)
			}
		}
	}
	return err
}

func store[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[key] = value
}

// host is an endpoint without its scheme, as the collector names members.
func host(endpoint string) string {
	if _, rest, ok := strings.Cut(endpoint, "://"); ok {
		return rest
	}
	return endpoint
}

// samples are what the collector of etcd would have sent of the members; nil without any.
func (e etcdInfo) samples() []byte {
	var b strings.Builder
	endpoints := map[string]bool{}
	for name := range e.status {
		endpoints[name] = true
	}
	for name := range e.health {
		endpoints[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(endpoints)) {
		status, answered := e.status[name]
		state, up := e.stateOf(name)
		fmt.Fprintf(&b, "kubevitals_etcd_up{endpoint=%q} %d\n", name, number(up))
		for _, s := range etcd.Healths() {
			if up && state != "" {
				fmt.Fprintf(&b, "kubevitals_etcd_health{endpoint=%q,state=%q} %d\n", name, s, number(s == state))
			}
		}
		if !answered {
			continue
		}
		fmt.Fprintf(&b, "kubevitals_etcd_has_leader{endpoint=%q} %d\n", name, number(status.Leader != 0))
		for metric, value := range map[string]float64{"size": status.Size, "in_use": status.InUse, "quota": status.Quota} {
			if value > 0 {
				fmt.Fprintf(&b, "kubevitals_etcd_db_%s_bytes{endpoint=%q} %g\n", metric, name, value)
			}
		}
	}
	return []byte(b.String())
}

// stateOf returns how a member is, empty if that is not known, and whether it told.
func (e etcdInfo) stateOf(endpoint string) (state etcd.Health, up bool) {
	status, answered := e.status[endpoint]
	health, asked := e.health[endpoint]
	alarm := e.alarms[status.Header.MemberID]
	for word, of := range map[string]etcd.Health{"NOSPACE": etcd.NoSpace, "CORRUPT": etcd.Corrupt} {
		if strings.Contains(health.Error, word) {
			alarm = of
		}
	}
	switch {
	case answered && alarm != "", asked && alarm != "":
		return alarm, true
	case answered && status.Leader == 0:
		return etcd.NoLeader, true
	case asked && health.Healthy:
		return etcd.Healthy, true
	case answered && asked:
		return etcd.Other, true
	case answered:
		return "", true // its health was not asked for
	}
	return "", false
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
