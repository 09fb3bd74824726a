// The names of the alerts of etcd's own mixin.
{
  prometheusAlerts+:: { groups+: [{ name: 'etcd', rules: [{ alert: alert } for alert in alerts] }] },

  local alerts = ['etcdDatabaseHighFragmentationRatio', 'etcdDatabaseQuotaLowSpace', 'etcdExcessiveDatabaseGrowth', 'etcdGRPCRequestsSlow', 'etcdHighCommitDurations', 'etcdHighFsyncDurations', 'etcdHighNumberOfFailedGRPCRequests', 'etcdHighNumberOfFailedProposals', 'etcdHighNumberOfLeaderChanges', 'etcdInsufficientMembers', 'etcdMemberCommunicationSlow', 'etcdMembersDown', 'etcdNoLeader'],
}
