// What one look can see of kubelets that cannot log in at the API server, as parts of
// descriptions of alerts of a node. The signals certificates and node_readiness share it.
local promql = import 'promql.libsonnet';

function(c) {
  local sign(values, text) = promql.lookup(c, 'max by (sign) (kubevitals_certificates_kubelet_login_sign{%%s, node=%%%%q, sign=~"%s"}) == 1' % values, ['node'], text),

  // What the kubelet says or does.
  says: sign(
    'no_certificate|cannot_authenticate',
    ' Its kubelet {{ if eq .Labels.sign "no_certificate" }}says that it has no valid certificate with which to log in at the API server'
    + '{{ else }}does not take the credentials that other kubelets take, as one that cannot ask the API server about them: there is no way to it, or the certificate with which the kubelet logs in there has expired{{ end }}.'
  ),
  // What became of its request for another certificate.
  request: sign(
    'request_.+',
    ' Its last request for a certificate with which to log in {{ if eq .Labels.sign "request_pending" }}waits for approval{{ else if eq .Labels.sign "request_approved" }}was approved and not signed{{ else if eq .Labels.sign "request_denied" }}was denied{{ else }}failed{{ end }}.'
  ),
}
