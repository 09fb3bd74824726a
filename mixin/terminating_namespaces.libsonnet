// Namespaces that cannot end because an API cannot be asked what there is of it in them.
// The signals that tell of such APIs name them.
local promql = import 'promql.libsonnet';

function(c) {
  named:: promql.list(
    c,
    'max by (namespace) (kubevitals_terminating_namespaces_deletion_timestamp_seconds{%s, hold="discovery"})',
    [],
    'namespace',
    ' Namespaces that cannot end meanwhile: ',
    '.'
  ),
}
