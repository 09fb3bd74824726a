package chart

// Cases are combinations of values in which people install the chart: each value is
// changed in one of them at least.
func Cases() []Case {
	return []Case{
		{Name: "plain"},
		{Name: "operator", Operator: true},
		{Name: "everything", Operator: true, Values: everything},
		{Name: "forced-without-operator", Values: `{monitoring: {enabled: true, inhibitRules: true}}`},
		{Name: "switched-off-with-operator", Operator: true, Values: `{monitoring: {enabled: false}}`},
		{Name: "forced-by-a-word", Values: `{monitoring: {enabled: "true"}}`},
		{Name: "kube-prometheus-stack", Operator: true, Namespace: "monitoring",
			Values: `{monitoring: {labels: {release: kube-prometheus-stack}, inhibitRules: true, interval: 15s, scrapeTimeout: 14s}}`},
		{Name: "kube-prometheus", Operator: true, Values: `{monitoring: {prometheusServiceAccount: {name: prometheus-k8s, namespace: observability}}}`},
		{Name: "rules-alone", Operator: true, Values: `{monitoring: {serviceMonitors: false}, dashboards: {enabled: false}}`},
		{Name: "monitors-alone", Operator: true, Values: `{monitoring: {rules: false}}`},
		{Name: "agents", Operator: true, Values: `{nodeAgents: {enabled: true}}`},
		{Name: "agents-elsewhere", Operator: true, Namespace: "vitals", Values: agentsElsewhere},
		{Name: "pods-alone", Operator: true, Values: `{connectivity: {enabled: true}, networkPolicy: {enabled: true}}`},
		{Name: "replicas", Values: replicas},
		{Name: "own-image", Values: `{image: {repository: registry.example.com/kubevitals, digest: "sha256:` + digest + `", pullPolicy: Always}, imagePullSecrets: [{name: registry}]}`},
		{Name: "tagged-image", Values: `{image: {repository: registry.example.com/kubevitals, tag: v0.1.0}, commonLabels: {team: platform}}`},
		{Name: "closed", Values: `{networkPolicy: {enabled: true, from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]}}`},
		{Name: "rights-by-others", Operator: true, Values: `{rbac: {create: false}, nodeAgents: {enabled: true}, componentLogs: {enabled: true}}`},
		{Name: "provider-with-quota", Values: `{priorityClassQuota: true}`},
		{Name: "self-signed-kubelets", Values: `{kubelet: {insecureSkipVerify: true}, args: [--log.level=debug, "--kubelet.port=10250"], env: [{name: GOMEMLIMIT, value: 900MiB}]}`},
		{Name: "kubelets-of-another-authority", Values: `{kubelet: {caFile: /etc/kubernetes/kubelet-ca.crt}, componentLogs: {enabled: true}, blackBox: {enabled: false}}`},
		{Name: "dashboards-elsewhere", Values: `{dashboards: {labels: {grafana_dashboard: null, folder: "1"}, annotations: {grafana_folder: Kubernetes}, namespace: grafana}}`},
		{Name: "restricted", Operator: true, Values: restricted},
		{Name: "open", Operator: true, Values: `{authFilter: {enabled: false}, nodeAgents: {enabled: true}}`},
		{Name: "certificate-alone", Operator: true, Values: `{authFilter: {enabled: false}, tls: {secretName: own, serverName: vitals.example.com}, connectivity: {enabled: true}}`},
		{Name: "bare", Values: `{resources: null, tolerations: [], topologySpreadConstraints: [], priorityClassName: "", priorityClassQuota: true, podDisruptionBudget: {enabled: false}, replicas: 0}`},
	}
}

// digest is none of an image that there is.
const digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// everything switches on whatever can be.
const everything = everythingButTLS + `
tls: {secretName: kubevitals-tls}
`

const everythingButTLS = `
priorityClassQuota: true
componentLogs: {enabled: true}
nodeAgents: {enabled: true}
connectivity: {enabled: true}
`

// restricted is everything, with agents on nodes that can do less.
const restricted = `
priorityClassQuota: true
componentLogs: {enabled: true}
nodeAgents: {enabled: true, restricted: true}
connectivity: {enabled: true}
tls: {secretName: kubevitals-tls}
`

const agentsElsewhere = `
nodeAgents:
  enabled: true
  args: [--no-collector.container_runtime]
  env: [{name: GOGC, value: "50"}]
  resources: {requests: {memory: 48Mi}}
  priorityClassName: system-node-critical
  tolerations: [{key: node-role.kubernetes.io/control-plane, operator: Exists, effect: NoSchedule}]
  nodeSelector: {kubernetes.io/os: linux, pool: main}
  maxUnavailable: 3
  podAnnotations: {example.com/note: agent}
  podLabels: {team: platform}
connectivity:
  enabled: true
  args: [--collector.connectivity.peers=4]
  env: [{name: GOGC, value: "50"}]
  resources: {requests: {memory: 48Mi}}
  priorityClassName: system-cluster-critical
  tolerations: []
  nodeSelector: {kubernetes.io/os: linux}
  maxUnavailable: 25%
  podAnnotations: {example.com/note: agent}
  podLabels: {team: platform}
`

const replicas = `
replicas: 2
resources: {requests: {cpu: 200m, memory: 350Mi}, limits: {memory: 2Gi}}
priorityClassName: high
nodeSelector: {node-role.kubernetes.io/infra: ""}
tolerations: [{key: node-role.kubernetes.io/infra, operator: Exists}]
topologySpreadConstraints:
  - {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app.kubernetes.io/name: kubevitals}}}
affinity:
  podAntiAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app.kubernetes.io/name: kubevitals}}}
podAnnotations: {example.com/note: exporter}
podLabels: {team: platform}
`
