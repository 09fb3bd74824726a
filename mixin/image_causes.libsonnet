// Why images are not pulled, to follow a colon. The causes are those of
// sources/image_cause.go; a test compares them. Of unknown nothing is said.
{
  denied: 'the registry refuses it (unauthorized): its credentials are missing, wrong or expired, or it has no such repository',
  not_found: 'the registry has no image of this name or tag',
  unresolved: 'the node does not resolve the name of the registry',
  certificate: 'the node does not trust the certificate of the registry',
  plain_http: 'the registry speaks HTTP, and the container runtime asks it over HTTPS',
  rate_limited: 'the registry answers no more for now: too many requests',
  unreachable: 'the node does not reach the registry, or not in time',
  registry_failing: 'the registry fails with an error of its own',
  no_space: 'the node has no space left for it',
  unknown: '',
}
