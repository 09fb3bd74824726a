package collectors

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/test/fresh"
)

// daemonSet reads one of the shipped ones.
func daemonSet(t *testing.T, file string) corev1.PodSpec {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var d appsv1.DaemonSet
	if err := yaml.UnmarshalStrict(text, &d); err != nil {
		t.Fatal(err)
	}
	return d.Spec.Template.Spec
}

// given are the privileges that a pod has, but for folders, and those of the host that it
// may read.
func given(p corev1.PodSpec) (privileges []Privilege, folders []string) {
	c := p.Containers[0].SecurityContext
	for privilege, has := range map[Privilege]bool{
		HostNetwork: p.HostNetwork, HostPID: p.HostPID, "hostIPC": p.HostIPC,
		"privileged": c.Privileged != nil && *c.Privileged,
		RootUser:     c.RunAsUser != nil && *c.RunAsUser == 0,
		Unconfined:   c.AppArmorProfile != nil && c.AppArmorProfile.Type == corev1.AppArmorProfileTypeUnconfined && c.SELinuxOptions != nil && c.SELinuxOptions.Type == "spc_t",
	} {
		if has {
			privileges = append(privileges, privilege)
		}
	}
	for _, capability := range c.Capabilities.Add {
		privileges = append(privileges, Privilege(capability))
	}
	for _, v := range p.Volumes {
		if v.HostPath != nil {
			folders = append(folders, v.HostPath.Path)
		}
	}
	slices.Sort(privileges)
	return privileges, folders
}

// wanted are the privileges that the definitions name, but for folders, and the folders.
func wanted(definitions []Definition) (privileges []Privilege, folders []string) {
	for _, d := range definitions {
		for _, p := range d.Privileges {
			if strings.HasPrefix(string(p), "/") {
				folders = append(folders, string(p))
			} else {
				privileges = append(privileges, p)
			}
		}
	}
	slices.Sort(privileges)
	slices.Sort(folders)
	return slices.Compact(privileges), slices.Compact(folders)
}

// TestAgentsHaveWhatTheirCollectorsNeed verifies that the shipped agents have the
// privileges that their collectors name and no others: those on nodes, those that are
// restricted, whose collectors then are off, and those in the pod network, which have none.
func TestAgentsHaveWhatTheirCollectorsNeed(t *testing.T) {
	t.Parallel()
	on := defaultsOf(Node)
	has, folders := given(daemonSet(t, "../deploy/components/node/daemonset.yaml"))
	needs, _ := wanted(on)
	if diff := cmp.Diff(needs, has); diff != "" || !slices.Equal(folders, []string{"/"}) {
		t.Errorf("agents on nodes may read %v, and (-needed +given):\n%s", folders, diff)
	}
	if has, folders := given(daemonSet(t, "../deploy/components/connectivity/daemonset.yaml")); len(has)+len(folders) > 0 {
		t.Errorf("agents in the pod network are given %v and %v", has, folders)
	}

	text, err := os.ReadFile("../deploy/components/node-restricted/kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	restricted, off := restrictedAgents(t, text)
	on = slices.DeleteFunc(on, func(d Definition) bool { return slices.Contains(off, d.Name) })
	has, folders = given(restricted)
	needs, mounts := wanted(on)
	// What is optional, and not on all nodes.
	mounts = slices.DeleteFunc(mounts, func(folder string) bool { return folder == string(HostUnits) })
	slices.Sort(folders)
	if diff := cmp.Diff(needs, has); diff != "" || !slices.Equal(folders, mounts) || len(off) == 0 {
		t.Errorf("restricted agents without %v may read %v, want %v, and (-needed +given):\n%s", off, folders, mounts, diff)
	}
}

// restrictedAgents applies the patch of the component, as far as it concerns privileges.
// It returns the pod, and the collectors that are off.
func restrictedAgents(t *testing.T, component []byte) (pod corev1.PodSpec, off []string) {
	t.Helper()
	var k struct{ Patches []struct{ Patch string } }
	if err := yaml.Unmarshal(component, &k); err != nil {
		t.Fatal(err)
	}
	pod = daemonSet(t, "../deploy/components/node/daemonset.yaml")
	var steps []struct {
		Op, Path string
		Value    any
	}
	if err := yaml.Unmarshal([]byte(k.Patches[0].Patch), &steps); err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		value, err := yaml.Marshal(step.Value)
		if err != nil {
			t.Fatal(err)
		}
		switch strings.TrimPrefix(step.Path, "/spec/template/spec/") {
		case "hostPID":
			pod.HostPID = step.Op != "remove"
		case "containers/0/args/-":
			name, _ := strings.CutPrefix(fmt.Sprint(step.Value), "--no-collector.")
			off = append(off, name)
		case "containers/0/securityContext":
			pod.Containers[0].SecurityContext = &corev1.SecurityContext{}
			err = yaml.UnmarshalStrict(value, pod.Containers[0].SecurityContext)
		case "containers/0/volumeMounts":
		case "volumes":
			pod.Volumes = nil
			err = yaml.UnmarshalStrict(value, &pod.Volumes)
		default:
			t.Errorf("this test does not know %s", step.Path)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return pod, off
}

// TestPrivilegesAreFresh checks the table of what agents on nodes may do, and that each
// privilege has a note and each note a collector.
func TestPrivilegesAreFresh(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- privileges: generated by `make update-docs` -->\n", "<!-- /privileges -->\n"
	document, err := os.ReadFile("../docs/nodes.md")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(document), begin)
	_, tail, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("docs/nodes.md has no block between %q and %q", begin, end)
	}
	users := map[Privilege][]string{}
	for _, d := range Catalogue() {
		for _, p := range d.Privileges {
			users[p] = append(users[p], d.Name)
			if d.Scope != Node {
				t.Errorf("%s wants %s, and is not of scope node", d.Name, p)
			}
		}
	}
	var b strings.Builder
	b.WriteString("| what | kind | for | of the collectors | without it |\n| --- | --- | --- | --- | --- |\n")
	for _, n := range Privileges() {
		if len(users[n.Privilege]) == 0 {
			t.Errorf("no collector wants %s", n.Privilege)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", n.Privilege, n.What, n.Why, code(users[n.Privilege]), n.Without)
		delete(users, n.Privilege)
	}
	if len(users) > 0 {
		t.Errorf("nothing says what %v are for", users)
	}
	fresh.File(t, "../docs/nodes.md", []byte(head+begin+b.String()+end+tail))
}
