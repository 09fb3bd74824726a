// Clusters other than the embedded sick one, for the flags of the exporter.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'kubevitals-browser-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

// A dump of a cluster whose control plane has its leaders, and of nothing else.
function dump() {
  const now = `${new Date().toISOString().slice(0, 19)}.000000Z`;
  const items = ['kube-scheduler', 'kube-controller-manager'].map((name) => ({
    apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: 'kube-system' },
    spec: { holderIdentity: `${name}-1`, leaseDurationSeconds: 15, acquireTime: now, renewTime: now },
  }));
  const file = join(folder, 'leases.json');
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  return `--snapshot=${file}`;
}

// Everything that the exporter looks at is well.
export const healthy = () => [dump(), '--collector.disable-defaults', '--collector.control_plane_leases'];

// Nothing wrong can be found, and most of the cluster cannot be read.
export const incomplete = () => [dump()];

// Nothing answers at the address of the API server.
export async function unreachable() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  const file = join(folder, 'kubeconfig');
  writeFileSync(file, JSON.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'c', clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'u', user: {} }], contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  }));
  return [`--kubeconfig=${file}`];
}
