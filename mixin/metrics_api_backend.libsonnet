// Who should serve a metrics API that is not available, and what the API server says
// of it, to follow the words "not available".
local promql = import 'promql.libsonnet';

function(c)
  promql.lookup(c, 'max by (backend) (kubevitals_metrics_api_backend_info{%s, api=%%q} == 1)', ['api'], ' from Service {{ .Labels.backend }}')
  + promql.lookup(c, 'max by (reason) (kubevitals_metrics_api_available{%s, api=%%q} == 0)', ['api'], ': {{ .Labels.reason }}')
