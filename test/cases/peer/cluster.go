package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// kind is one that the API serves: its list is that of the dump, or empty.
type kind struct {
	group, version, plural, kind string
	namespaced                   bool
}

const metricsGroup = "metrics.k8s.io"

var kinds = []kind{
	{"", "v1", "configmaps", "ConfigMap", true},
	{"", "v1", "endpoints", "Endpoints", true},
	{"", "v1", "events", "Event", true},
	{"", "v1", "namespaces", "Namespace", false},
	{"", "v1", "nodes", "Node", false},
	{"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true},
	{"", "v1", "persistentvolumes", "PersistentVolume", false},
	{"", "v1", "pods", "Pod", true},
	{"", "v1", "secrets", "Secret", true},
	{"", "v1", "serviceaccounts", "ServiceAccount", true},
	{"", "v1", "services", "Service", true},
	{"apps", "v1", "daemonsets", "DaemonSet", true},
	{"apps", "v1", "deployments", "Deployment", true},
	{"apps", "v1", "replicasets", "ReplicaSet", true},
	{"apps", "v1", "statefulsets", "StatefulSet", true},
	{"autoscaling", "v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true},
	{"batch", "v1", "cronjobs", "CronJob", true},
	{"batch", "v1", "jobs", "Job", true},
	{metricsGroup, "v1beta1", "nodes", "NodeMetrics", false},
	{metricsGroup, "v1beta1", "pods", "PodMetrics", true},
	{"networking.k8s.io", "v1", "ingresses", "Ingress", true},
	{"networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true},
	{"policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true},
	{"rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false},
	{"rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false},
	{"rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true},
	{"rbac.authorization.k8s.io", "v1", "roles", "Role", true},
}

func (k kind) groupVersion() string {
	return strings.TrimPrefix(k.group+"/"+k.version, "/")
}

// root is the path of what the group serves.
func (k kind) root() string {
	if k.group == "" {
		return "/api/" + k.version
	}
	return "/apis/" + k.group + "/" + k.version
}

// cluster serves the objects of a dump as an API does that holds nothing else, to
// whoever asks: lists, discovery, and the permission to read all of it.
type cluster struct {
	version string
	objects map[string][]any
}

// readCluster reads the lists at the top of a dump, as kubectl writes them. Objects of an
// older version of their kind are served as those of the one that is known.
func readCluster(dump string) (*cluster, error) {
	c := &cluster{objects: map[string][]any{}}
	for _, pattern := range []string{"*.yaml", "*.json"} {
		files, err := filepath.Glob(filepath.Join(dump, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if err := c.read(file); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	c.nameAccounts()
	return c, nil
}

func (c *cluster) read(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var list struct{ Items []map[string]any }
	// What kubectl said before the objects is not theirs.
	if begin := bytes.IndexByte(text, '{'); filepath.Ext(file) == ".json" && begin > 0 {
		text = text[begin:]
	}
	if err := yaml.Unmarshal(text, &list); err != nil {
		return err
	}
	for _, item := range list.Items {
		name := (&unstructured.Unstructured{Object: item}).GetKind()
		for _, k := range kinds {
			if k.kind == name {
				item["apiVersion"] = k.groupVersion()
			}
		}
		c.objects[name] = append(c.objects[name], item)
		if version, _, _ := unstructured.NestedString(item, "status", "nodeInfo", "kubeletVersion"); version != "" {
			c.version = version
		}
	}
	return nil
}

// nameAccounts adds the service accounts that pods have, without which no API server would
// have taken them: dumps do not hold any.
func (c *cluster) nameAccounts() {
	seen := map[string]bool{}
	for _, pod := range c.objects["Pod"] {
		pod := &unstructured.Unstructured{Object: pod.(map[string]any)}
		name, _, _ := unstructured.NestedString(pod.Object, "spec", "serviceAccountName")
		if name == "" {
			name = "default"
		}
		if id := pod.GetNamespace() + "/" + name; !seen[id] {
			seen[id] = true
			account := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ServiceAccount"}}
			account.SetNamespace(pod.GetNamespace())
			account.SetName(name)
			c.objects["ServiceAccount"] = append(c.objects["ServiceAccount"], account.Object)
		}
	}
}

// hasMetrics tells whether there is a metrics API that works: there is what it told, or
// its APIService is available.
func (c *cluster) hasMetrics() bool {
	return len(c.objects["NodeMetrics"]) > 0 || slices.ContainsFunc(c.objects["APIService"], func(o any) bool {
		service := &unstructured.Unstructured{Object: o.(map[string]any)}
		conditions, _, _ := unstructured.NestedSlice(service.Object, "status", "conditions")
		return service.GetName() == "v1beta1."+metricsGroup && slices.ContainsFunc(conditions, func(c any) bool {
			condition, ok := c.(map[string]any)
			return ok && condition["type"] == "Available" && condition["status"] == "True"
		})
	})
}

// ServeHTTP answers what a client asks that reads all of a cluster.
func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost:
		allow(w)
	case r.URL.Path == "/version":
		major, rest, _ := strings.Cut(strings.TrimPrefix(c.version, "v"), ".")
		minor, _, _ := strings.Cut(rest, ".")
		answer(w, map[string]any{"major": major, "minor": minor, "gitVersion": c.version})
	case r.URL.Path == "/api":
		answer(w, metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
	case r.URL.Path == "/apis":
		answer(w, c.groups())
	case r.URL.Query().Get("watch") != "":
		w.Header().Set("Content-Type", "application/json")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	default:
		c.list(w, r)
	}
}

// allow answers a SelfSubjectAccessReview.
func allow(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(authorizationv1.SelfSubjectAccessReview{
		TypeMeta: metav1.TypeMeta{APIVersion: authorizationv1.SchemeGroupVersion.String(), Kind: "SelfSubjectAccessReview"},
		Status:   authorizationv1.SubjectAccessReviewStatus{Allowed: true},
	})
}

func (c *cluster) groups() metav1.APIGroupList {
	all := metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}}
	seen := map[string]bool{"": true}
	for _, k := range kinds {
		if seen[k.group] || k.group == metricsGroup && !c.hasMetrics() {
			continue
		}
		seen[k.group] = true
		version := metav1.GroupVersionForDiscovery{GroupVersion: k.groupVersion(), Version: k.version}
		all.Groups = append(all.Groups, metav1.APIGroup{Name: k.group, Versions: []metav1.GroupVersionForDiscovery{version}, PreferredVersion: version})
	}
	return all
}

// list serves the list of a kind, that of one namespace, one object, and what kinds of a group there are.
func (c *cluster) list(w http.ResponseWriter, r *http.Request) {
	resources := metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}}
	for _, k := range kinds {
		rest, ok := strings.CutPrefix(r.URL.Path, k.root())
		if !ok {
			continue
		}
		if rest == "" {
			resources.GroupVersion = k.groupVersion()
			resources.APIResources = append(resources.APIResources, metav1.APIResource{Name: k.plural, Kind: k.kind, Namespaced: k.namespaced, Verbs: metav1.Verbs{"get", "list", "watch"}})
			continue
		}
		namespace := ""
		parts := strings.Split(strings.Trim(rest, "/"), "/")
		if k.namespaced && len(parts) > 2 && parts[0] == "namespaces" {
			namespace, parts = parts[1], parts[2:]
		}
		if parts[0] != k.plural || len(parts) > 2 {
			continue
		}
		c.answerWith(w, k, namespace, parts[1:])
		return
	}
	if resources.GroupVersion == "" {
		http.NotFound(w, r)
		return
	}
	answer(w, resources)
}

func (c *cluster) answerWith(w http.ResponseWriter, k kind, namespace string, name []string) {
	items := []any{}
	for _, item := range c.objects[k.kind] {
		o := &unstructured.Unstructured{Object: item.(map[string]any)}
		if namespace != "" && o.GetNamespace() != namespace {
			continue
		}
		if len(name) > 0 && o.GetName() == name[0] {
			answer(w, item)
			return
		}
		items = append(items, item)
	}
	if len(name) > 0 {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Reason: metav1.StatusReasonNotFound, Code: http.StatusNotFound})
		return
	}
	answer(w, map[string]any{"apiVersion": k.groupVersion(), "kind": k.kind + "List", "metadata": map[string]any{"resourceVersion": "1"}, "items": items})
}

func answer(w http.ResponseWriter, what any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(what)
}
