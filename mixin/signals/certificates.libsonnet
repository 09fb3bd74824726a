// Certificates of kubelets, webhooks and aggregated APIs run out, and requests for new ones
// wait.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local kubeletLogins = import '../kubelet_logins.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  local left = 'max by (%(by)s, node) (kubevitals_certificates_kubelet_client_expiry_timestamp_seconds{%(selector)s}) - time()' % c,
  // How many kubelets are in the same state, of which only the first are told of by name.
  local expired = promql.lookup(
    c,
    'sum(max by (shard) (kubevitals_certificates_kubelet_client_certificates{%s, state="expired"})) > 1',
    [],
    ' Kubelets of the cluster whose certificate has expired: {{ .Value }}.'
  ),
  local serving = 'max by (%(by)s, node) (kubevitals_certificates_kubelet_serving_expiry_timestamp_seconds{%(selector)s}) - time()' % c,
  // The first nodes whose kubelet shows such a certificate.
  local nodes(condition) = promql.list(
    c,
    '(max by (node) (kubevitals_certificates_kubelet_serving_expiry_timestamp_seconds{%%s}) - time()) %s' % condition,
    [],
    'node',
    '',
    ''
  ),
  local bundle = 'min by (%(by)s, kind, name) (kubevitals_certificates_ca_bundle_expiry_timestamp_seconds{%(selector)s}) - time()' % c,
  // What a request waits for, by the state of the alert.
  local waitsFor = '{{ if eq $labels.state "approved" }}is approved, and its signer issues no certificate: that is the controller manager, unless another signs for it{{ else if eq $labels.state "denied" }}was denied by whoever approves such requests, and the kubelet has made no other since{{ else if eq $labels.state "failed" }}failed at its signer, and the kubelet has made no other since{{ else }}waits for approval{{ end }}',

  name: 'certificates',
  area: 'nodes',
  beyond_guide: 'operators report clusters that went down node by node on one day, a year after they were made: kubelets that renew no certificate log in until it expires',
  alerts: [
    {
      alert: 'KubeVitalsKubeletCertificateExpired',
      each: 'node',
      severity: 'warning',
      fault: 'kubelet_certificate_expired',
      // A kubelet whose certificate has expired says that it has none, as does one that never had
      // any: whoever has not heard it before knows no time. Those that log in renew their Lease.
      expr: |||
        -(%(left)s) >= 0
        or
        -max by (%(by)s, node) (kubevitals_certificates_kubelet_login_sign{%(selector)s, sign="no_certificate"})
        and on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_node_readiness_lease_overdue{%(selector)s}) == 1
      ||| % (c { left: left }),
      'for': '0m',
      summary: 'The certificate with which a kubelet logs in has expired.',
      explainedBy: why.ofCluster(['KubeVitalsCertificateRequestsPending'], { when: { signer: 'kube-apiserver-client-kubelet' }, inhibits: false }),
      description: 'The certificate with which the kubelet of node {{ $labels.node }} of cluster %(cluster)s logs in at the API server {{ if ge $value 0.0 }}expired {{ $value | humanizeDuration }} ago, as the kubelet said when it was last read{{ else }}has expired, or there never was one: the kubelet says that it has none that is valid, and its Lease is overdue{{ end }}: it can renew neither its Lease nor the certificate, and the node stops being ready.%(request)s%(expired)s',
      values: { expired: expired, request: kubeletLogins(c).request },
    },
    {
      alert: 'KubeVitalsKubeletCertificateExpiring',
      each: 'node',
      severity: 'warning',
      expr: |||
        (%s) < %s * 86400
        and
        (%s) > 0
      ||| % [left, c.kubeletCertificateWarningDays, left],
      'for': '15m',
      summary: 'The certificate with which a kubelet logs in expires soon, and the kubelet has not renewed it.',
      explainedBy: why.ofCluster(['KubeVitalsCertificateRequestsPending'], { when: { signer: 'kube-apiserver-client-kubelet' }, inhibits: false }),
      description: 'The certificate with which the kubelet of node {{ $labels.node }} of cluster %(cluster)s logs in at the API server expires within {{ $value | humanizeDuration }}. A kubelet that renews its certificates does so when between a tenth and a third of their time is left.',
    },
    {
      alert: 'KubeVitalsKubeletServingCertificateExpiring',
      // Kubelets that sign it themselves never renew it, and few clients verify it.
      severity: 'info',
      expr: |||
        label_replace(count by (%(by)s) (%(left)s <= 0), "state", "expired", "", "")
        or
        label_replace(count by (%(by)s) ((%(left)s < %(kubeletCertificateWarningDays)s * 86400) > 0), "state", "expiring", "", "")
      ||| % (c { left: serving }),
      'for': '15m',
      summary: 'Certificates that kubelets show to their clients have expired, or expire soon.',
      explainedBy: why.ofCluster(['KubeVitalsCertificateRequestsPending'], { when: { signer: 'kubelet-serving' }, inhibits: false }),
      description: 'The serving certificates of kubelets of cluster %(cluster)s {{ if eq $labels.state "expired" }}have expired: %(expired)s. Clients that verify them{{ else }}expire within %(days)s days: %(expiring)s. From then on clients that verify them{{ end }} refuse these kubelets: metrics servers, kubevitals, and API servers with --kubelet-certificate-authority, for logs and exec.',
      values: { expired: nodes('<= 0'), expiring: nodes('< %d > 0' % (c.kubeletCertificateWarningDays * 86400)), days: c.kubeletCertificateWarningDays },
    },
    {
      alert: 'KubeVitalsCABundleExpiring',
      each: 'ca_bundle',
      severity: 'warning',
      expr: |||
        label_replace(%(left)s <= 0, "state", "expired", "", "")
        or
        label_replace((%(soon)s < %(caBundleWarningDays)s * 86400) > 0, "state", "expiring", "", "")
      ||| % (c { left: bundle, soon: std.strReplace(bundle, c.selector, '%(selector)s, name!~"%(caBundlesOfAWeek)s"' % c) }),
      'for': '1m',
      summary: 'The authority by which API servers trust a webhook or an aggregated API has expired, or expires soon.',
      description: 'Every certificate in a caBundle of {{ $labels.kind }} {{ $labels.name }} of cluster %(cluster)s {{ if gt $value 0.0 }}expires within {{ $value | humanizeDuration }}. From then on{{ else }}expired {{ slice (humanizeDuration $value) 1 }} ago. Since then{{ end }} API servers refuse whoever serves it: {{ if eq $labels.kind "APIService" }}the API is not available, and no namespace can be deleted{{ else }}what the webhook is called for fails, unless its failurePolicy is Ignore{{ end }}.',
    },
    {
      alert: 'KubeVitalsCertificateRequestsPending',
      severity: 'warning',
      // People decide about the requests of people. Of a kubelet that may not log in its node is told.
      expr: |||
        time() - min by (%(by)s, signer, state) (
          kubevitals_certificates_requests_oldest_timestamp_seconds{%(selector)s, signer=~"kubelet-serving|kube-apiserver-client-kubelet", state!~"denied|failed"}
          or
          kubevitals_certificates_requests_oldest_timestamp_seconds{%(selector)s, signer="kube-apiserver-client", state="approved"}
        ) > %(certificateRequestSeconds)s
        or
        time() - min by (%(by)s, signer, state) (
          kubevitals_certificates_requests_oldest_timestamp_seconds{%(selector)s, signer="kubelet-serving", state=~"denied|failed"}
        ) > %(certificateRefusedSeconds)s
      ||| % c,
      'for': '15m',
      summary: 'Requests for certificates of kubelets have waited for a long time, or were refused.',
      explainedBy: why.nothingWritten + why.ofCluster(['KubeVitalsControllerManagerDown'], { inhibits: false }),
      description: 'A CertificateSigningRequest for kubernetes.io/{{ $labels.signer }} in cluster %(cluster)s was made {{ $value | humanizeDuration }} ago and %(waits)s.%(all)s',
      values: {
        waits: waitsFor,
        all: promql.lookup(
          c,
          'max (kubevitals_certificates_requests{%s, signer=%%q, state=%%q}) > 1',
          ['signer', 'state'],
          ' Those alike: {{ .Value }}.'
        ),
      },
    },
  ],
  panels: [
    g.timeseries(
      'Certificates of kubelets that expire first',
      'Time until the certificate expires with which a kubelet logs in, of the 20 nodes where that is soonest; below 0 it has.',
      's',
      [g.target('max by (node) (kubevitals_certificates_kubelet_client_expiry_timestamp_seconds{%(panel)s, node=~"$node"}) - time()' % c, '{{node}}')],
      { signed: true, alerts: ['KubeVitalsKubeletCertificateExpired', 'KubeVitalsKubeletCertificateExpiring'], threshold: c.kubeletCertificateWarningDays * 86400, below: true, mayBeEmpty: true },
    ),
    g.timeseries(
      'Certificates of kubelets',
      'Number of nodes whose kubelet has a certificate to log in that is valid or expired, and of which none is known.',
      'short',
      [g.target('sum by (state) (max by (shard, state) (kubevitals_certificates_kubelet_client_certificates{%(panel)s}))' % c, '{{state}}')],
      { alerts: ['KubeVitalsKubeletCertificateExpired'] },
    ),
    g.table(
      'Kubelets that cannot log in',
      'Nodes that are not ready where something says that the kubelet cannot log in at the API server: what the kubelet says of its certificate, how it answers, and what became of its last request for a certificate.',
      [g.column('max by (node, sign) (kubevitals_certificates_kubelet_login_sign{%(panel)s, node=~"$node"}) == 1' % c)],
      { alerts: ['KubeVitalsKubeletCertificateExpired', 'KubeVitalsNodeNotReady'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Serving certificates of kubelets that expire first',
      'Time until the certificate expires that a kubelet shows to its clients, where it expires within 60 days, and of 20 nodes at most; below 0 it has.',
      's',
      [g.target('max by (node) (kubevitals_certificates_kubelet_serving_expiry_timestamp_seconds{%(panel)s, node=~"$node"}) - time()' % c, '{{node}}')],
      { signed: true, alerts: ['KubeVitalsKubeletServingCertificateExpiring'], threshold: c.kubeletCertificateWarningDays * 86400, below: true, mayBeEmpty: true },
    ),
    g.timeseries(
      'Serving certificates of kubelets',
      'Number of nodes whose kubelet showed a certificate that is valid or expired, and of which none was seen.',
      'short',
      [g.target('sum by (state) (max by (shard, state) (kubevitals_certificates_kubelet_serving_certificates{%(panel)s}))' % c, '{{state}}')],
      { alerts: ['KubeVitalsKubeletServingCertificateExpiring'] },
    ),
    g.timeseries(
      'Authorities of webhooks and aggregated APIs that expire first',
      'Time until the last certificate expires of the caBundle by which API servers trust a webhook or an aggregated API, of the 20 objects where that is soonest; below 0 it has.',
      's',
      [g.target('min by (kind, name) (kubevitals_certificates_ca_bundle_expiry_timestamp_seconds{%(panel)s}) - time()' % c, '{{kind}} {{name}}')],
      { signed: true, alerts: ['KubeVitalsCABundleExpiring'], threshold: c.caBundleWarningDays * 86400, below: true, mayBeEmpty: true },
    ),
    g.timeseries(
      'Authorities of webhooks and aggregated APIs',
      'Number of webhook configurations and APIServices with a caBundle, by whether each of theirs has a certificate that is valid.',
      'short',
      [g.target('max by (state) (kubevitals_certificates_ca_bundles{%(panel)s})' % c, '{{state}}')],
      { alerts: ['KubeVitalsCABundleExpiring'] },
    ),
    g.timeseries(
      'Requests for certificates that wait',
      'Time since the oldest request was made that waits, by signer; and how many wait.',
      's',
      [g.target('time() - min by (signer, state) (kubevitals_certificates_requests_oldest_timestamp_seconds{%(panel)s})' % c, '{{signer}} {{state}}')],
      { alerts: ['KubeVitalsCertificateRequestsPending'], threshold: c.certificateRequestSeconds, mayBeEmpty: true },
    ),
    g.timeseries(
      'Number of requests for certificates',
      'Requests that wait for approval or for their signer.',
      'short',
      [g.target('max by (signer, state) (kubevitals_certificates_requests{%(panel)s})' % c, '{{signer}} {{state}}')],
      { alerts: ['KubeVitalsCertificateRequestsPending'] },
    ),
  ],
}
