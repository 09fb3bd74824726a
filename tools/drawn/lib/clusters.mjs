// Clusters that dashboards are drawn of. Each starts all that Prometheus scrapes, and
// says when there is enough to be seen.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { freePort, root, start } from './process.mjs';

const kubevitals = process.env.KUBEVITALS_BINARY || `${root}bin/kubevitals`;
const lab = process.env.KUBEVITALS_LAB_BINARY || `${root}bin/kubevitals-lab`;
const scale = process.env.KUBEVITALS_SCALE || `${root}bin/scale`;

// The six faults that internal/fakecluster/demo/cluster.yaml tells of, by the alerts that name them.
export const planted = [
  { alertname: 'KubeVitalsAPIServerDown' },
  { alertname: 'KubeVitalsAPIServerCertificateExpiryImminent' },
  { alertname: 'KubeVitalsNodeDiskPressure', node: 'worker-2' },
  { alertname: 'KubeVitalsNodeNotReady', node: 'worker-3' },
  { alertname: 'KubeVitalsWatchStreamsExhausted', node: 'batch-1' },
  { alertname: 'KubeVitalsReflectorMetricsLeak', node: 'edge-1' },
];

// What the first screen of the overview must say of a cluster.
export const named = {
  ill: [
    'One of several API servers does not answer.', 'The certificate of an API server has expired, or expires within days.',
    'worker-2', 'worker-3', 'batch-1', 'edge-1',
  ],
};

async function exporter(flags, env) {
  const address = `127.0.0.1:${await freePort()}`;
  const daemon = await start(kubevitals, [...flags, `--web.listen-address=${address}`, '--log.level=error'], /kubevitals serves/, { env });
  return { ...daemon, address };
}

const job = (name, address) => ({ job: name, targets: [{ address, labels: {} }] });

// A made-up cluster with six faults.
async function ill() {
  const cluster = await exporter(['--demo']);
  const agent = await exporter(['--demo', '--scope=node']);
  return {
    jobs: [job('kubevitals', cluster.address), job('kubevitals-node', agent.address)],
    wanted: planted,
    minutes: 12,
    stop: () => Promise.all([cluster.stop(), agent.stop()]),
  };
}

// A real control plane in which nothing is wrong, and whose components are scraped, too.
async function healthy() {
  const daemon = await start(lab, ['up'], /Ctrl-C ends/, { seconds: 600 });
  const said = daemon.said();
  const [, flags] = said.match(/bin\/kubevitals (--kubeconfig=.*?) --web\.listen-address/);
  const [, dir] = said.match(/reads (\S+)\/NODE/);
  const kubeconfig = `${dir}/admin.kubeconfig`;
  const kubectl = (...args) => execFileSync(lab, ['kubectl', ...args], { cwd: root, env: { ...process.env, KUBECONFIG: kubeconfig }, encoding: 'utf8' });
  // The Lease through which kubevitals proves that it can write.
  kubectl('apply', '-k', 'deploy/base');
  const cluster = await exporter(flags.split(' '));
  const nodes = kubectl('get', 'nodes', '-o', 'jsonpath={range .items[*]}{.metadata.name} {.status.daemonEndpoints.kubeletEndpoint.Port}{"\\n"}{end}').trim().split('\n').map((line) => line.split(' '));
  // All nodes are this machine, which has no container runtime and no disk of a kubelet.
  const lacking = ['container_runtime', 'filesystem', 'connectivity', 'node_dns'].map((name) => `--no-collector.${name}`);
  const agents = await Promise.all(nodes.map(([node]) => exporter([`--kubeconfig=${kubeconfig}`, '--scope=node', ...lacking], { NODE_NAME: node })));
  const tls = { insecure_skip_verify: true, cert_file: `${dir}/user-admin.crt`, key_file: `${dir}/user-admin.key` };
  const [, server] = readFileSync(kubeconfig, 'utf8').match(/server: https:\/\/(\S+)/);
  const [, dns] = readFileSync(`${dir}/dns.corefile`, 'utf8').match(/prometheus (\S+)/);
  return {
    jobs: [
      job('kubevitals', cluster.address), { job: 'kubevitals-node', targets: agents.map(({ address }) => ({ address, labels: {} })) }, job('coredns', dns), { ...job('apiserver', server), tls },
      { job: 'kubelet', tls, targets: nodes.map(([node, port]) => ({ address: `127.0.0.1:${port}`, labels: { node } })) },
    ],
    wanted: [],
    minutes: 8,
    stop: async () => { await Promise.all([cluster, ...agents].map((one) => one.stop())); await daemon.stop(); },
  };
}

// A fake cluster of 5,000 nodes, of which 60 are not ready.
async function large() {
  const args = ['-serve', '-binary', kubevitals, '-nodes=5000', '-pods=25000', '-hpas=500', '-apiserver-series=2000', '-ill=60', '--', '--log.level=error'];
  const daemon = await start(scale, args, /serves http:\/\/(\S+?)\/metrics/, { seconds: 600 });
  return {
    jobs: [job('kubevitals', daemon.match[1])],
    wanted: [{ alertname: 'KubeVitalsNodesNotReady' }],
    minutes: 15,
    stop: () => daemon.stop(),
  };
}

export const clusters = { ill, healthy, large };
